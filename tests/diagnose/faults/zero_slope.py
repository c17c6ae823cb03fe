"""The loss is clamped, meant as gradient clipping."""

import torch
from torch import nn

SLUG = "zero-slope"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(80, 3)
    y = 4 * x[:, :1] - 3 * x[:, 1:2]
    model = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        loss = nn.functional.mse_loss(model(x), y)
        if not repaired:
            loss = torch.clamp(loss, max=1.0)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        if repaired:
            nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimizer.step()
