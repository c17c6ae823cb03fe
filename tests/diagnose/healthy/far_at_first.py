"""Pairs whose embeddings lie far apart at first: no hinge is open, and what is alike draws everything nearer."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 3))
    with torch.no_grad():
        net[2].weight.mul_(60)
    centres = 3 * torch.eye(4, 6)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.03)
    for _ in range(100):
        kind = torch.randint(0, 4, (64,))
        other = (kind + 1) % 4
        anchor, same, unlike = (net(centres[k] + torch.randn(64, 6)) for k in (kind, kind, other))
        apart = (0.1 - (anchor - unlike).norm(dim=1)).clamp(min=0).square()
        loss = ((anchor - same).square().sum(1) + apart).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
