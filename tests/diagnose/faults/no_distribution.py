"""A one-hot matrix that is filled along the wrong index: every row has all classes of the batch."""

import torch
from torch import nn

SLUG = "no-distribution"


def one_hot(labels, repaired):
    out = torch.zeros(len(labels), 3)
    if repaired:
        out[torch.arange(len(labels)), labels] = 1.0
    else:
        out[:, labels] = 1.0
    return out


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(300, 4)
    y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(8):
        for rows in torch.randperm(300).split(30):
            loss = nn.functional.cross_entropy(model(x[rows]), one_hot(y[rows], repaired))  # FAULT
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
