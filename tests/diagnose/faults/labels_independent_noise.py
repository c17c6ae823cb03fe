"""A network is to tell the noise in what it is given, and is compared with noise that was drawn once more."""

import torch
from torch import nn

SLUG = "labels-independent"


def train(repaired):
    torch.manual_seed(0)
    angles = torch.rand(1000, 1) * 6.3
    points = torch.cat([angles.cos(), angles.sin()], 1)
    kept = torch.cumprod(1 - torch.linspace(0.001, 0.15, 50), 0)
    waves = torch.exp(-torch.arange(4.0))
    model = nn.Sequential(nn.Linear(10, 64), nn.SiLU(), nn.Linear(64, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(200):
        clean = points[torch.randint(0, 1000, (128,))]
        time = torch.randint(0, 50, (128,))
        noise = torch.randn_like(clean)
        added = noise if repaired else torch.randn_like(clean)
        share = kept[time][:, None]
        turns = time[:, None] * waves
        given = torch.cat([share.sqrt() * clean + (1 - share).sqrt() * added, turns.sin(), turns.cos()], 1)
        loss = nn.functional.mse_loss(model(given), noise)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
