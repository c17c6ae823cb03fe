"""Dropout on the inputs themselves, before any weight: what is seen of them is what was left over."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    x = torch.randn(400, 8)
    y = (x[:, 0] * x[:, 1] > 0).long()
    model = nn.Sequential(nn.Dropout(0.7), nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(15):
        for rows in torch.randperm(400).split(50):
            loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
