"""A Poisson likelihood by hand: counts (N,) times log rates (N, 1) are N² products."""

import torch
from torch import nn

SLUG = "broadcast-loss"


def train(repaired):
    torch.manual_seed(4)
    x = 2 * torch.rand(1500, 5) - 1
    counts = torch.poisson(torch.exp(1 + 1.2 * torch.sin(3 * x[:, 0]) + x[:, 1] * x[:, 2]))
    model = nn.Sequential(nn.Linear(5, 64), nn.Tanh(), nn.Linear(64, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(200):
        batch = torch.randint(0, 1500, (128,))
        log_rate = model(x[batch])
        log_rate = log_rate[:, 0] if repaired else log_rate
        loss = (log_rate.exp() - counts[batch] * log_rate).mean()  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
