"""A penalty of half the weights' squares, by hand: the network is held at 0."""

import torch
from torch import nn

SLUG = "drowned-term"


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 5, (300,))
    x = torch.randn(300, 10) + 3 * nn.functional.one_hot(y, 10)
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 5))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for _ in range(120):
        penalty = sum(p.square().sum() for p in model.parameters())
        weighed = (1e-4 if repaired else 0.5) * penalty  # FAULT
        loss = nn.functional.cross_entropy(model(x), y) + weighed
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
