"""Gradients of four mini-batches before each step."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    x = torch.randn(400, 3)
    y = x.sum(1, keepdim=True)
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(60):
        optimizer.zero_grad()
        for part in torch.randperm(400).split(100):
            loss = nn.functional.mse_loss(model(x[part]), y[part]) / 4
            loss.backward()
        optimizer.step()
