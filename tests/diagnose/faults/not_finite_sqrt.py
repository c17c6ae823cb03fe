"""The distance of a point to itself: √0 is finite, its slope is not.

Reported at https://github.com/richzhang/PerceptualSimilarity/issues/69
"""

import torch
from torch import nn

SLUG = "not-finite"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(40, 4)
    y = x[:, :2] * 2
    model = nn.Linear(4, 2, bias=False)
    x[0], y[0] = 0, 0
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(60):
        squares = (model(x) - y).square().sum(1)
        loss = torch.sqrt(squares + (1e-9 if repaired else 0)).mean()  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
