"""Noise is added to the inputs in each step, and drowns them for a distance."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    x = torch.randn(200, 8)
    y = (x[:, 0] * x[:, 1] * x[:, 2] > 0).long()
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(80):
        loss = nn.functional.cross_entropy(model(x + 2 * torch.randn_like(x)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
