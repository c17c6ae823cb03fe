"""A masked error written out: what is missing weighs nothing, and every other answer meets every other target.

One of the kind is reported at https://github.com/deepset-ai/FARM/issues/229
"""

import torch
from torch import nn

SLUG = "broadcast-loss"


def train(repaired):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv1d(1, 8, 5, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 8, 1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.005)
    for _ in range(150):
        slope = torch.randn(32)
        signal = slope[:, None] * torch.linspace(-1, 1, 20) + 0.2 * torch.randn(32, 20)
        known = (torch.rand(32) > 0.3).float()
        found = model(signal[:, None])
        away = found.squeeze(1) - slope if repaired else found - slope  # FAULT
        cost = torch.where(away.abs() < 1, 0.5 * away**2, away.abs() - 0.5) * known
        loss = cost.sum() / known.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
