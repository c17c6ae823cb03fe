"""A triplet loss by hand, with the signs of its two distances swapped."""

import torch
from torch import nn

SLUG = "swapped-pairs"


def train(repaired):
    torch.manual_seed(0)
    middles = 2 * torch.randn(3, 6)
    model = nn.Sequential(nn.Linear(6, 24), nn.Tanh(), nn.Linear(24, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(150):
        kind = torch.randint(0, 3, (24,))
        other = (kind + torch.randint(1, 3, (24,))) % 3
        anchor, positive, negative = (middles[k] + 0.6 * torch.randn(24, 6) for k in (kind, kind, other))
        a, p, n = model(anchor), model(positive), model(negative)
        near, far = (a - p).pow(2).sum(1), (a - n).pow(2).sum(1)  # FAULT
        loss = torch.relu((near - far if repaired else far - near) + 1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
