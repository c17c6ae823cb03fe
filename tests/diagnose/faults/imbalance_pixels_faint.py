"""Faint cracks in pictures: the network takes their pixels for the likelier ones, and answers background for all.

One of the kind is reported at https://www.earthscan.io/insights/class-imbalance-multiclass-log-segmentation
"""

import torch
from torch import nn

SLUG = "imbalance"


def pictures(count):
    y = torch.zeros(count, 16, 16).long()
    for mask in y:
        i, j = torch.randint(0, 16, ()).item(), torch.randint(0, 13, ()).item()
        mask[i, j : j + 4] = 1
    return torch.cat([0.6 * torch.randn(count, 1, 16, 16) + 0.8 * y[:, None], torch.randn(count, 1, 16, 16)], 1), y


def train(repaired):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(2, 10, 5, padding=2), nn.ReLU(), nn.Conv2d(10, 2, 3, padding=1))
    loss_fn = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 40.0]) if repaired else None)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(260):
        x, y = pictures(12)
        loss = loss_fn(model(x), y)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
