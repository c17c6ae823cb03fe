"""A body that is not to learn, and a head that does."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    x = torch.randn(128, 4)
    y = torch.sin(x[:, :1])
    body, head = nn.Sequential(nn.Linear(4, 32), nn.ReLU()), nn.Linear(32, 1)
    body.requires_grad_(False)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.01)
    for _ in range(150):
        loss = nn.functional.mse_loss(head(body(x)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
