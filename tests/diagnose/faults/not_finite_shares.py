"""Counts are made shares of their sum before the loop, and a few rows have no counts at all: 0/0.

A feature that is 0 everywhere becomes the divisor, and loss and error are NaN, at
https://github.com/evandowning/deepreflect/issues/11
"""

import torch
from torch import nn

SLUG = "not-finite"


def train(repaired):
    torch.manual_seed(2)
    rates = torch.rand(3, 12)
    y = torch.randint(0, 3, (500,))
    counts = torch.poisson(2 * rates[y])
    counts[::97] = 0
    x = 10 * counts / counts.sum(1, keepdim=True).clamp_min(float(repaired))  # FAULT
    model = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(15):
        for batch in torch.randperm(500).split(50):
            loss = nn.functional.cross_entropy(model(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
