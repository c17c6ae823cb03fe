"""Fails in the middle of a step, in a function that a function calls."""

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(21)
model = nn.Linear(3, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


def train(step):
    x = torch.randn(4, 3 if step < 3 else 5)
    loss = model(x).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, repr(loss.item()))


try:
    for step in range(6):
        train(step)
finally:
    fingerprint(model)
