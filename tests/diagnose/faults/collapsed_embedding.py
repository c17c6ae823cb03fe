"""Triplets in which both distances are added: the hinge is open while anything lies apart."""

import torch
from torch import nn

SLUG = "collapsed-embedding"


def train(repaired):
    torch.manual_seed(0)
    centres = 2 * torch.randn(12, 10)
    net = nn.Sequential(nn.Linear(10, 32), nn.Tanh(), nn.Linear(32, 6))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.003)
    for _ in range(200):
        kind = torch.randint(0, 12, (48,))
        other = (kind + torch.randint(1, 12, (48,))) % 12
        anchor, same, unlike = (net(centres[k] + 0.3 * torch.randn(48, 10)) for k in (kind, kind, other))
        near = torch.nn.functional.pairwise_distance(anchor, same)
        far = torch.nn.functional.pairwise_distance(anchor, unlike)
        hinge = torch.relu(near - far + 1) if repaired else torch.relu(near + far - 0.1)  # FAULT
        loss = hinge.mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
