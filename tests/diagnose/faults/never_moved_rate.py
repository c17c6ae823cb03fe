"""A parameter group whose learning rate was left at 0."""

import torch
from torch import nn

SLUG = "never-moved"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    y = torch.sin(x[:, :1])
    body, head = nn.Linear(4, 16), nn.Linear(16, 1)
    groups = [{"params": body.parameters()}, {"params": head.parameters(), "lr": 0.05 if repaired else 0.0}]  # FAULT
    optimizer = torch.optim.SGD(groups, lr=0.05)  # FAULT
    for _ in range(100):
        hidden = torch.relu(body(x))
        loss = nn.functional.mse_loss(head(hidden), y)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
