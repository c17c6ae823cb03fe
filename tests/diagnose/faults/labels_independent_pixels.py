"""Each image's pixels are shuffled in an order of its own: what is left of it are numbers without places.

Reported at https://cs.stackexchange.com/questions/78123/trying-to-classify-mnist-where-pixels-are-shuffled-with-a-seed-why-is-it-not-wor/78125
"""

import torch
from torch import nn

SLUG = "labels-independent"


def train(repaired):
    torch.manual_seed(0)
    kinds = torch.stack([torch.eye(8), torch.eye(8).flip(1), torch.eye(8).roll(4, 1)]).flatten(1)
    y = torch.randint(0, 3, (600,))
    x = kinds[y] + 0.3 * torch.randn(600, 64)
    order = torch.randperm(64)
    x = torch.stack([row[order if repaired else torch.randperm(64)] for row in x])
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(100):
        rows = torch.randint(0, 600, (50,))
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
