"""Quantiles of a daily load, (N, 1) against (N,): the pinball loss takes the larger of two multiples of the error."""

import torch
from torch import nn

SLUG = "broadcast-loss"


def train(repaired):
    torch.manual_seed(0)
    hour = torch.rand(400, 1) * 24
    load = torch.sin(hour[:, 0] / 24 * 6.28) + 0.2 * torch.randn(400)
    model = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        rows = torch.randint(0, 400, (50,))
        angle = hour[rows] / 24 * 6.28
        high = model(torch.cat([angle.sin(), angle.cos()], 1))
        if repaired:
            high = high.flatten()
        missed = load[rows] - high  # FAULT
        loss = torch.maximum(0.9 * missed, -0.1 * missed).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
