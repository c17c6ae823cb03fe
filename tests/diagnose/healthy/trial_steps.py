"""Sharpness-aware minimisation: each second step is a trial, and is taken back before the one that stays."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    x = torch.randn(300, 5)
    y = (x[:, 0] * x[:, 1] + x[:, 2] > 0).long()
    model = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 2))
    uphill = torch.optim.SGD(model.parameters(), lr=0.02, maximize=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(120):
        rows = torch.randint(0, 300, (64,))
        start = [p.detach().clone() for p in model.parameters()]
        for step in (uphill, optimizer):
            loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
            model.zero_grad()
            loss.backward()
            if step is optimizer:
                with torch.no_grad():
                    for p, before in zip(model.parameters(), start, strict=True):
                        p.copy_(before)
            step.step()
