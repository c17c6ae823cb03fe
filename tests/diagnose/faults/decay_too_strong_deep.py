"""A decay of 2 in a deep network: its last bias finds the targets' mean, the weights before it are emptied."""

from itertools import pairwise

import torch
from torch import nn

SLUG = "decay-too-strong"


def train(repaired):
    torch.manual_seed(1)
    x = torch.randn(256, 8)
    y = 3 + torch.sin(2 * x[:, :1]) * x[:, 1:2]
    widths = [8, 64, 64, 64]
    layers = [part for a, b in pairwise(widths) for part in (nn.Linear(a, b), nn.ReLU())]
    model = nn.Sequential(*layers, nn.Linear(64, 1))
    decay = 1e-4 if repaired else 2.0
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=decay)  # FAULT
    for _ in range(25):
        for rows in torch.randperm(256).split(32):
            loss = nn.functional.mse_loss(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
