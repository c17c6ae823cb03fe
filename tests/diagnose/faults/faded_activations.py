"""Weights drawn with a standard deviation of 0.001: every layer passes on a thousandth.

Described at https://axeldomingues.dev/blog/initialization-scale-fragility-of-deep-networks
"""

import torch
from torch import nn

SLUG = "faded-activations"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(200, 6)
    y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
    model = nn.Sequential(
        *(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 24), nn.ReLU()),
        nn.Linear(24, 3),
    )
    for layer in model[::2]:
        if not repaired:
            nn.init.normal_(layer.weight, std=1e-3)  # FAULT
            nn.init.zeros_(layer.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(150):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
