"""A hinge written by hand, with labels of 0 and 1."""

import torch
from torch import nn

SLUG = "margin-labels"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(300, 2)
    y = (x[:, 0] * x[:, 1] > 0).float()
    if repaired:
        y = 2 * y - 1
    model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(200):
        score = model(x).squeeze(1)
        loss = torch.clamp(1 - y * score, min=0).mean()  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
