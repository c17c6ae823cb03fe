"""zero_grad() forgotten.

Reported at https://github.com/pytorch/pytorch/issues/47175
"""

import torch
from torch import nn

SLUG = "no-zero-grad"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(100, 3)
    y = x.sum(1, keepdim=True)
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(100):
        if repaired:
            optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)  # FAULT
        loss.backward()
        optimizer.step()
