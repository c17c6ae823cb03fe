"""The convolutions are frozen as for fine-tuning, but nothing was loaded: their numbers are random."""

import torch
from torch import nn

SLUG = "frozen"


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 4, (256,))
    x = torch.randn(4, 1, 12, 12)[y] + 0.5 * torch.randn(256, 1, 12, 12)
    body = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(4), nn.Conv2d(4, 2, 2), nn.ReLU(), nn.Flatten())
    model = nn.Sequential(body, nn.Linear(2, 4))
    body.requires_grad_(repaired)  # FAULT
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.01)
    for _ in range(200):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
