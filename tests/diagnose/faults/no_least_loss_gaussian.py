"""A Gaussian's negative log likelihood with a minus before the logarithm of its spread."""

import torch
from torch import nn

SLUG = "no-least-loss"


def train(repaired):
    torch.manual_seed(0)
    x = torch.rand(400, 1) * 4 - 2
    y = torch.sin(x) + (0.1 + 0.1 * x.abs()) * torch.randn_like(x)
    model = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(400):
        mean, log_variance = model(x).chunk(2, 1)
        away = (y - mean) ** 2 * torch.exp(-log_variance)
        loss = (away + log_variance if repaired else away - log_variance).mean()  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
