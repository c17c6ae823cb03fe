"""Biases that begin far below zero: no unit ever fires.

Reported: https://www.codegenes.net/blog/pytorch-dead-relu
"""

import torch
from torch import nn

SLUG = "dead-relu"


def train(repaired):
    torch.manual_seed(0)
    x = torch.rand(64, 4)
    y = x.sum(1, keepdim=True)
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
    with torch.no_grad():
        model[0].bias.fill_(0.0 if repaired else -10.0)  # FAULT
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(100):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
