"""The same with gradients that are set to 0, not to None: momentum does not help."""

import torch
from torch import nn

SLUG = "cleared-gradients"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(60, 5)
    labels = x[:, :3].argmax(1)
    model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(80):
        loss = nn.functional.cross_entropy(model(x), labels)
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        if not repaired:
            model.zero_grad(set_to_none=False)
        optimizer.step()  # FAULT
