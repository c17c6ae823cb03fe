"""Four linear layers on a parabola."""

import torch
from torch import nn

SLUG = "linear-stack"


def train(repaired):
    torch.manual_seed(0)
    x = torch.linspace(-1, 1, 100)[:, None]
    y = x**2 + 0.02 * torch.randn(100, 1)
    between = nn.Tanh if repaired else nn.Identity
    layers = nn.Linear(1, 16), between(), nn.Linear(16, 16), between(), nn.Linear(16, 8), nn.Linear(8, 1)  # FAULT
    model = nn.Sequential(*layers)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(200):
        prediction = model(x)
        loss = ((prediction - y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
