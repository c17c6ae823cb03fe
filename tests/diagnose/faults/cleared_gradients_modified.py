"""step() before backward(): the weights that backward() needs are not those of the forward pass any more.

RuntimeError: one of the variables needed for gradient computation has been modified by an inplace operation.
"""

import torch
from torch import nn

SLUG = "cleared-gradients"
RAISES = RuntimeError


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    y = x.square().sum(1, keepdim=True)
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    for _ in range(80):
        loss = nn.functional.mse_loss(model(x), y)
        if repaired:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        else:
            optimizer.step()  # FAULT
            optimizer.zero_grad()
            loss.backward()
