"""A cross-entropy by hand: the log of a softmax that has become 0.

Reported at https://github.com/summerlvsong/Aggregation-Cross-Entropy/issues/2
"""

import torch
from torch import nn

SLUG = "not-finite"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(60, 5) * 10
    labels = x[:, :3].argmax(1)
    model = nn.Linear(5, 3)
    with torch.no_grad():
        model.weight *= 30
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    for _ in range(60):
        probabilities = torch.softmax(model(x), dim=1)
        logs = torch.log(probabilities + (1e-9 if repaired else 0))  # FAULT
        loss = -logs[torch.arange(60), labels].mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
