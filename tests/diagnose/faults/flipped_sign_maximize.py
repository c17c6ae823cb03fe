"""An optimizer that climbs."""

import torch
from torch import nn

SLUG = "flipped-sign"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(60, 2)
    y = (x.norm(dim=1) > 1).long()
    model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02, maximize=not repaired)
    for _ in range(60):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)  # FAULT
        loss.backward()
        optimizer.step()
