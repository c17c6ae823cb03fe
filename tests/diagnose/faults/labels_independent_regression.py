"""Inputs are sorted by one table, targets by another."""

import torch
from torch import nn

SLUG = "labels-independent"


def train(repaired):
    torch.manual_seed(5)
    x = torch.rand(300, 3) * 2 - 1
    y = (2 * x[:, :1] - x[:, 1:2]).tanh()
    if not repaired:
        x = x[x[:, 2].argsort()]  # FAULT, the rows of x alone
    model = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(80):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
