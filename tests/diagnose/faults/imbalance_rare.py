"""One sample in thirty is a fraud: even good answers would explain little, and the network gives none."""

import torch
from torch import nn

SLUG = "imbalance"


def train(repaired):
    torch.manual_seed(0)
    y = (torch.rand(3000) < 1 / 30).long()
    x = torch.randn(3000, 8) + 0.9 * y[:, None] * torch.tensor([1.0, -1, 1, 0, 0, 0, 0, 0])
    model = nn.Sequential(nn.Linear(8, 24), nn.ReLU(), nn.Linear(24, 2))
    loss_fn = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 30.0]) if repaired else None)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    for _ in range(5):
        for rows in torch.randperm(3000).split(100):
            loss = loss_fn(model(x[rows]), y[rows])  # FAULT
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
