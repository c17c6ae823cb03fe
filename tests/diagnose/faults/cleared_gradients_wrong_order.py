"""step() before backward(), and zero_grad() after it."""

import torch
from torch import nn

SLUG = "cleared-gradients"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 3)
    y = x @ torch.tensor([[1.0], [-2.0], [0.5]])
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(80):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        if repaired:
            loss.backward()
            optimizer.step()
        else:
            optimizer.step()  # FAULT
            loss.backward()
