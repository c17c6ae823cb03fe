"""Logits (samples, classes, height, width) of each pixel, made a row for each with a reshape alone."""

import torch
from torch import nn

SLUG = "mixed-samples"


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 3, (48, 8, 8))
    x = nn.functional.one_hot(y, 3).movedim(-1, 1).float() + 0.3 * torch.randn(48, 3, 8, 8)
    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 3, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(15):
        for rows in torch.randperm(48).split(12):
            logits = model(x[rows])
            logits = logits.movedim(1, -1).reshape(-1, 3) if repaired else logits.reshape(-1, 3)  # FAULT
            loss = nn.functional.cross_entropy(logits, y[rows].reshape(-1))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
