"""The tutorial's one layer on XOR."""

import torch
from torch import nn

SLUG = "not-separable"


def train(repaired):
    torch.manual_seed(0)
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    hidden = [nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1)] if repaired else [nn.Linear(2, 1)]  # FAULT
    model = nn.Sequential(*hidden, nn.Sigmoid())
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    for _ in range(1500):
        loss = nn.functional.mse_loss(model(x), y)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
