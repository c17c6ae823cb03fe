"""Sorted by class, with batches that now and then hold the end of one class and the beginning of the next."""

import torch
from torch import nn

SLUG = "sorted-batches"


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 6, (900,)).sort().values
    x = torch.randn(900, 8) + 2 * nn.functional.one_hot(y, 8)
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 6))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for _ in range(6):
        order = torch.randperm(900) if repaired else torch.arange(900)
        for rows in order.split(32):
            loss = nn.functional.cross_entropy(model(x[rows]), y[rows])  # FAULT
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
