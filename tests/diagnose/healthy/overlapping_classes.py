"""Logistic regression on classes that overlap: no line separates them, and nothing is wrong."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    y = torch.randint(0, 2, (200, 1)).float()
    x = torch.randn(200, 2) + 1.2 * y
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(300):
        loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
