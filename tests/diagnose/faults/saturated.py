"""Weights drawn far too large: every tanh lies where it is flat."""

import torch
from torch import nn

SLUG = "saturated"


def train(repaired):
    torch.manual_seed(0)
    x = torch.rand(128, 4)
    y = torch.sin(4 * x[:, :1]) + 0.5 * x[:, 1:2]
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
    if not repaired:
        for layer in (model[0], model[2]):
            nn.init.uniform_(layer.weight, 50.0, 100.0)  # FAULT
    nn.init.zeros_(model[4].weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    for _ in range(150):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
