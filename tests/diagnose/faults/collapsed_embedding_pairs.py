"""Pairs of windows of the same recording, and of others; the squared hinge clamps the distance on the wrong side."""

import torch
from torch import nn

SLUG = "collapsed-embedding"


def train(repaired):
    torch.manual_seed(0)
    time = torch.arange(24)
    net = nn.Sequential(nn.Conv1d(1, 12, 5), nn.ReLU(), nn.Flatten(), nn.Linear(12 * 20, 4))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.002)
    for _ in range(250):
        pitch = torch.rand(64) + 0.2
        same = torch.rand(64) < 0.5
        others = torch.where(same, pitch, torch.rand(64) + 0.2)
        first, second = (
            torch.sin(p[:, None] * time + 0.3 * torch.randn(64, 1)) + 0.1 * torch.randn(64, 24) for p in (pitch, others)
        )
        squared = (net(first[:, None]) - net(second[:, None])).square().sum(1)
        apart = (2 - squared).clamp(min=0) if repaired else (squared - 2).clamp(min=0)  # FAULT
        loss = torch.where(same, squared, apart).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
