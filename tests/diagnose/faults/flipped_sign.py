"""A minus before the loss."""

import torch
from torch import nn

SLUG = "flipped-sign"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 3)
    y = x @ torch.tensor([[1.0], [2.0], [-1.0]])
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03)
    for _ in range(60):
        loss = nn.functional.mse_loss(model(x), y)  # FAULT
        loss = loss if repaired else -loss  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
