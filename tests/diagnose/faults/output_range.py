"""A sigmoid at the end of a regression whose targets go far beyond 1."""

import torch
from torch import nn

SLUG = "output-range"


def train(repaired):
    torch.manual_seed(0)
    x = torch.rand(128, 3)
    y = 5 * x[:, :1] + 2 * x[:, 1:2]
    layers = [nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 1)]
    model = nn.Sequential(*layers) if repaired else nn.Sequential(*layers, nn.Sigmoid())  # FAULT
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    for _ in range(200):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
