"""Labels −1 and 1 for a loss that takes 0 and 1: it falls below zero and has no end.

Reported at https://www.codegenes.net/blog/pytorch-bce-below-0
"""

import torch
from torch import nn

SLUG = "output-range"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(100, 2)
    y = torch.sign(x[:, :1] * x[:, 1:])
    if repaired:
        y = (y + 1) / 2
    model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
    loss_fn = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        loss = loss_fn(model(x), y)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
