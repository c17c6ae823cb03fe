"""One feature in hundred thousands, one in tenths.

Reported at https://discuss.pytorch.org/t/neural-network-could-not-learn-on-this-type-of-data-why/96648/5
"""

import torch
from torch import nn

SLUG = "unscaled-inputs"


def train(repaired):
    torch.manual_seed(0)
    income, share = 50_000 + 15_000 * torch.randn(200, 1), torch.rand(200, 1)
    x = torch.cat([income, share], 1)
    y = (share > 0.5).float()
    if repaired:
        x = (x - x.mean(0)) / x.std(0)
    model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
    loss_fn = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(200):
        loss = loss_fn(model(x), y)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
