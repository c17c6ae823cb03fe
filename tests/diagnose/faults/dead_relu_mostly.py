"""Biases that begin at −3: of a wide layer a few units fire, and have to do all the work."""

import torch
from torch import nn

SLUG = "dead-relu"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(400, 6)
    y = (x[:, :1] + x[:, 1:2]).sin() + x[:, 2:3]
    model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
    nn.init.constant_(model[0].bias, 0.0 if repaired else -3.0)  # FAULT
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    for _ in range(15):
        for rows in torch.randperm(400).split(50):
            loss = nn.functional.mse_loss(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
