"""Logits given to NLLLoss: the loss falls below zero without end.

Reported: https://runebook.dev/en/docs/pytorch/generated/torch.nn.softmax
"""

import torch
from torch import nn

SLUG = "no-log-probabilities"


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 3, (60,))
    x = torch.randn(60, 5) + y[:, None]
    model = nn.Sequential(nn.Linear(5, 3), *([nn.LogSoftmax(dim=1)] if repaired else []))
    loss_fn = nn.NLLLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(100):
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)  # FAULT
        loss.backward()
        optimizer.step()
