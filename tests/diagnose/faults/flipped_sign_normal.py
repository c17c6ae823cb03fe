"""The logarithm of a normal density is minimised, where its negative was meant; the distance is over a spread."""

import math

import torch
from torch import nn

SLUG = "flipped-sign"


def train(repaired):
    torch.manual_seed(0)
    x = torch.linspace(-2, 2, 200).unsqueeze(1)
    y = torch.sin(2 * x) + 0.1 * torch.randn_like(x)
    model = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(300):
        mean, log_spread = model(x).chunk(2, dim=1)
        log_spread = log_spread.clamp(-3, 3)
        away = (y - mean) / log_spread.exp()
        density = -0.5 * away**2 - log_spread - 0.5 * math.log(2 * math.pi)  # FAULT
        loss = -density.mean() if repaired else density.mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
