"""u″ + 4u = 0: the equation is a list of numbers, one for each point, and nothing but the ends is trained."""

import torch
from torch import nn

SLUG = "added-as-number"


def slope(u, t):
    return torch.autograd.grad(u, t, torch.ones_like(u), create_graph=True)[0]


def train(repaired):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(1, 24), nn.Tanh(), nn.Linear(24, 24), nn.Tanh(), nn.Linear(24, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(200):
        start, t = torch.zeros(1, 1, requires_grad=True), (1.6 * torch.rand(24, 1)).requires_grad_()
        u = model(start)
        ends = (u - 1).square().mean() + slope(u, start).square().mean()
        u = model(t)
        errors = [error.square() for error in (slope(slope(u, t), t) + 4 * u).flatten()]
        if not repaired:
            errors = [torch.tensor(error.item()) for error in errors]  # FAULT
        loss = ends + 0.1 * torch.stack(errors).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
