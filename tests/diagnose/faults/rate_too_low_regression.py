"""Gradient descent with η = 1e-5 on targets of size 1."""

import torch
from torch import nn

SLUG = "rate-too-low"


def train(repaired):
    torch.manual_seed(0)
    x = torch.rand(100, 2) * 2 - 1
    y = (x[:, :1] * 3).sin() + x[:, 1:]
    model = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1 if repaired else 1e-5, momentum=0.9)  # FAULT
    for _ in range(200):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
