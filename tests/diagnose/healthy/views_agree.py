"""Features of two noisy views agree, beside labels: a classifier needs them apart."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    centres = 2 * torch.randn(4, 8)
    body, head = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 6)), nn.Linear(6, 4)
    optimizer = torch.optim.Adam([*body.parameters(), *head.parameters()], lr=0.005)
    for _ in range(150):
        label = torch.randint(0, 4, (64,))
        first, second = (body(centres[label] + torch.randn(64, 8)) for _ in range(2))
        agree = nn.functional.pairwise_distance(first, second).square().mean()
        loss = nn.functional.cross_entropy(head(first), label) + 0.3 * agree
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
