"""Three in a hundred samples are of the class that is looked for.

Reported at https://github.com/amanshenoy/multilogue-net/issues/8
"""

import torch
from torch import nn

SLUG = "imbalance"


def train(repaired):
    torch.manual_seed(0)
    y = (torch.arange(300) < 12).long()
    x = torch.randn(300, 5) + 1.6 * y[:, None]
    model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 2))
    weight = torch.tensor([1.0, 288 / 12]) if repaired else None
    loss_fn = nn.CrossEntropyLoss(weight=weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    for _ in range(120):
        loss = loss_fn(model(x), y)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
