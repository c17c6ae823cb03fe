"""A softmax behind a single output: always 1."""

import torch
from torch import nn

SLUG = "normalised-away"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(100, 4)
    y = (x[:, :1] + x[:, 1:2] > 0).float()
    last = nn.Sigmoid() if repaired else nn.Softmax(dim=1)  # FAULT
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1), last)
    loss_fn = nn.BCELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(100):
        loss = loss_fn(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
