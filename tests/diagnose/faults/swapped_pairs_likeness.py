"""A hinge of cosines with the sign of distances: it pulls what differs together and drives apart what is alike."""

import torch
from torch import nn
from torch.nn.functional import normalize, relu

SLUG = "swapped-pairs"


def train(repaired):
    torch.manual_seed(0)
    centres = 2 * torch.randn(6, 12)
    net = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 8))
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
    for _ in range(200):
        kinds = torch.randint(0, 6, (48,))
        others = (kinds + torch.randint(1, 6, (48,))) % 6
        a, p, n = (normalize(net(centres[k] + torch.randn(48, 12)), dim=1) for k in (kinds, kinds, others))
        alike = (a * p).sum(1)  # FAULT
        apart = (a * n).sum(1)  # FAULT
        loss = relu((apart - alike if repaired else alike - apart) + 0.4).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
