"""log(p) without ε: a sample for which p is 0 comes at a step that is not recorded, long after the first ones."""

import torch
from torch import nn

SLUG = "not-finite"


def train(repaired):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    for step in range(300):
        x = torch.randn(32, 4)
        y = x[:, 0] + torch.randn(32) > 0
        if step == 133:
            x[:, 0] *= 1e4
        p = torch.sigmoid(model(x)).squeeze(1)
        if repaired:
            p = p.clamp(1e-6, 1 - 1e-6)
        right = torch.where(y, p, 1 - p)
        loss = -torch.log(right).mean()  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
