"""The labels are shuffled, the inputs are not."""

import torch
from torch import nn

SLUG = "labels-independent"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(400, 4)
    y = (x[:, 0] + x[:, 1] > 0).long()
    if not repaired:
        y = y[torch.randperm(400)]  # FAULT
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(15):
        for part in torch.randperm(400).split(50):
            loss = nn.functional.cross_entropy(model(x[part]), y[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
