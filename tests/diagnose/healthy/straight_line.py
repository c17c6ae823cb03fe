"""Two linear layers on data that a line fits, with plain SGD."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    x = torch.randn(100, 3)
    y = x @ torch.tensor([[2.0], [-1.0], [0.5]]) + 0.3 * torch.randn(100, 1)
    model = nn.Sequential(nn.Linear(3, 8), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(100):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
