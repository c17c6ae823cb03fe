"""Targets that are mostly noise: the loss can hardly fall, and does not."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    x = torch.randn(500, 3)
    y = 0.2 * x[:, :1] + torch.randn(500, 1)
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(200):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
