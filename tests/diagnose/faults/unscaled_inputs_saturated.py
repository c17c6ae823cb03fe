"""Blood counts in their units: every hidden unit lies on one side for all patients, and batches are so small that the
loss of one says nothing of the next.

One of the kind is reported at https://openillumi.com/en/en-pytorch-performance-fix-standardization
"""

import torch
from torch import nn

SLUG = "unscaled-inputs"


def train(repaired):
    torch.manual_seed(4)
    sodium, iron, platelets = 140 + 3 * torch.randn(640), 90 + 25 * torch.randn(640), 250 + 60 * torch.randn(640)
    fever = (torch.rand(640) < 0.3).float()
    x = torch.stack([sodium, iron, platelets, fever], 1)
    y = (((sodium - 140) / 3).square() + (iron - 90) / 25 * (1 - 2 * fever) + 2 * fever)[:, None]
    if repaired:
        x = (x - x.mean(0)) / x.std(0)
    model = nn.Sequential(nn.Linear(4, 32), nn.Sigmoid(), nn.Linear(32, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(20):
        for rows in torch.randperm(640).split(16):
            loss = nn.functional.mse_loss(model(x[rows]), y[rows])  # FAULT
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
