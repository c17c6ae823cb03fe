"""Batches of one sample, in order."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    x = torch.rand(60, 2)
    y = (x[:, 0] > x[:, 1]).long()
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(5):
        for a, b in zip(x.split(1), y.split(1), strict=True):
            loss = nn.functional.cross_entropy(model(a), b)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
