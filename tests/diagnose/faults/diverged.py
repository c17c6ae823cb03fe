"""A learning rate far too high for targets of this size."""

import torch
from torch import nn

SLUG = "diverged"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    y = 10 * x.sum(1, keepdim=True)
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01 if repaired else 5.0)  # FAULT
    for _ in range(60):
        loss = nn.functional.mse_loss(model(x), y)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
