"""SoftMarginLoss, with labels of 0 and 1."""

import torch
from torch import nn

SLUG = "margin-labels"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(300, 4)
    y = (x.sum(1) > 0).float()
    if repaired:
        y = 2 * y - 1
    model = nn.Linear(4, 1)
    loss_fn = nn.SoftMarginLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        loss = loss_fn(model(x).squeeze(1), y)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
