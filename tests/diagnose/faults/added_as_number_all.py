"""The loss of the data becomes a number before the penalty is added: only the penalty is sent back."""

import torch
from torch import nn

SLUG = "added-as-number"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(300, 5)
    y = x @ torch.tensor([1.5, -2.0, 0.7, 3.0, -1.0]) + 0.1 * torch.randn(300)
    model = nn.Linear(5, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(100):
        error = nn.functional.mse_loss(model(x).squeeze(1), y)
        error = error if repaired else error.item()  # FAULT
        loss = error + 1e-4 * sum((p**2).sum() for p in model.parameters())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
