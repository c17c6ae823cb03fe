"""A decay of 0.3 with momentum: a batch's gradient is noise beside weights of 0."""

import torch
from torch import nn

SLUG = "decay-too-strong"


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 5, (400,))
    x = torch.randn(400, 10) + 2 * nn.functional.one_hot(y, 10)
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 5))
    decay = 1e-4 if repaired else 0.4
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=decay)  # FAULT
    for _ in range(8):
        for rows in torch.randperm(400).split(20):
            loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
