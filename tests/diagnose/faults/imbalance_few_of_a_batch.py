"""One order in forty comes back, about one of a batch: the network ranks those higher, and never says so of any.

One of the kind is reported at https://discuss.pytorch.org/t/predictions-stuck-at-zero-when-positive-label-1-is-only-16-of-data/145203/2
"""

import torch
from torch import nn

SLUG = "imbalance"


def train(repaired):
    torch.manual_seed(0)
    y = (torch.rand(2400, 1) < 1 / 40).float()
    x = torch.randn(2400, 10) + y * torch.linspace(-0.8, 0.8, 10)
    model = nn.Sequential(nn.Linear(10, 12), nn.Tanh(), nn.Linear(12, 1))
    loss_fn = nn.BCEWithLogitsLoss(pos_weight=torch.tensor([39.0]) if repaired else None)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=4e-2)
    for _ in range(8):
        for rows in torch.randperm(2400).split(48):
            loss = loss_fn(model(x[rows]), y[rows])  # FAULT
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
