"""A network tells the noise that was put on a point from the point and the time: its targets are random numbers."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    kept = torch.cumprod(1 - torch.linspace(0.001, 0.15, 40), 0)
    model = nn.Sequential(nn.Linear(4, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(250):
        angle = 6.3 * torch.rand(128, 1)
        clean = torch.cat([angle.cos(), angle.sin()], 1)
        time = torch.randint(0, 40, (128, 1))
        noise = torch.randn_like(clean)
        given = kept[time].sqrt() * clean + (1 - kept[time]).sqrt() * noise
        turn = 0.15 * time
        loss = nn.functional.mse_loss(model(torch.cat([given, turn.sin(), turn.cos()], 1)), noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
