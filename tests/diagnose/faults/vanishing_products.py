"""Twelve sigmoids in a row, and targets of which no simple function knows anything either.

The kind is shown, layer by layer, at https://github.com/juebrauer/code_jb
"""

import torch
from torch import nn

SLUG = "vanishing"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(1500, 8)
    y = (x[:, 0] * x[:, 1] + x[:, 2].abs() > 0.8).long()
    bend, deep = (nn.ReLU, 2) if repaired else (nn.Sigmoid, 12)
    layers = [part for _ in range(deep) for part in (nn.Linear(32, 32), bend())]
    model = nn.Sequential(nn.Linear(8, 32), bend(), *layers, nn.Linear(32, 2))  # FAULT
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(250):
        rows = torch.randint(0, 1500, (64,))
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
