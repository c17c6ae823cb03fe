"""A prediction of shape (N, 1) against a target of shape (N,).

Reported at https://github.com/deepset-ai/FARM/issues/229
"""

import torch
from torch import nn

SLUG = "broadcast-loss"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 3)
    y = x @ torch.tensor([1.0, -2.0, 0.5]) + 0.1 * torch.randn(64)
    model = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(200):
        optimizer.zero_grad()
        prediction = model(x)
        loss = nn.functional.mse_loss(prediction, y.view_as(prediction) if repaired else y)  # FAULT
        loss.backward()
        optimizer.step()
