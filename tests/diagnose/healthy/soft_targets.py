"""Targets between 0 and 1 behind a sigmoid: cross-entropy has their own entropy as its least value."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    x = torch.sigmoid(torch.randn(200, 2) @ torch.randn(2, 12))
    model = nn.Sequential(nn.Linear(12, 8), nn.Tanh(), nn.Linear(8, 12), nn.Sigmoid())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        loss = nn.functional.binary_cross_entropy(model(x), x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
