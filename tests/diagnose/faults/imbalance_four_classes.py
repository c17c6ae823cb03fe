"""Four kinds, three of them rare; the network answers the frequent one always."""

import torch
from torch import nn

SLUG = "imbalance"


def train(repaired):
    torch.manual_seed(0)
    y = torch.multinomial(torch.tensor([0.94, 0.02, 0.02, 0.02]), 2400, replacement=True)
    x = torch.randn(2400, 6) + 1.0 * torch.eye(6)[y]
    weights = y.bincount().sum() / y.bincount()
    model = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 4))
    loss_fn = nn.CrossEntropyLoss(weight=weights if repaired else None)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.004)
    for _ in range(5):
        for rows in torch.randperm(2400).split(80):
            loss = loss_fn(model(x[rows]), y[rows])  # FAULT
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
