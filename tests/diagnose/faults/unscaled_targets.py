"""Prices as they are: the whole run goes into reaching their mean.

Reported at https://stats.stackexchange.com/questions/409000/should-we-normalize-target-data-as-well-as-input-data
"""

import torch
from torch import nn

SLUG = "unscaled-targets"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(200, 4)
    y = 250_000 + 40_000 * x[:, :1] - 20_000 * x[:, 1:2]
    if repaired:
        y = (y - y.mean()) / y.std()
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(200):
        loss = nn.functional.mse_loss(model(x), y)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
