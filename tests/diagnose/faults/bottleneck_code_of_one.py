"""Images are to be restored from a code of a single number."""

import torch
from torch import nn

SLUG = "bottleneck"


def train(repaired):
    torch.manual_seed(0)
    across = torch.linspace(-1, 1, 8)
    y, x = torch.meshgrid(across, across, indexing="ij")
    width = 12 if repaired else 1
    net = nn.Sequential(
        nn.Linear(64, 48),
        nn.ReLU(),
        nn.Linear(48, width),  # FAULT
        nn.Linear(width, 48),
        nn.ReLU(),
        nn.Linear(48, 64),
    )
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    for _ in range(500):
        at, size = 1.4 * torch.rand(64, 2, 1, 1) - 0.7, 0.2 + 0.15 * torch.rand(64, 1, 1)
        spots = torch.exp(-((x - at[:, 0]) ** 2 + (y - at[:, 1]) ** 2) / (2 * size**2)).flatten(1)
        loss = nn.functional.mse_loss(net(spots), spots)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
