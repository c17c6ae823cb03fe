"""Class weights as frequent as the classes, instead of the other way round."""

import torch
from torch import nn

SLUG = "reversed-class-weights"


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 10, (300,)).clamp(max=2) * 1
    y = torch.where(torch.rand(300) < 0.85, torch.zeros_like(y), y)
    x = torch.randn(300, 3) + 1.2 * torch.eye(3)[y]
    counts = torch.bincount(y, minlength=3).float()
    weight = counts.sum() / (3 * counts) if repaired else counts / counts.sum()
    model = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 3))
    loss_fn = nn.CrossEntropyLoss(weight=weight)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        loss = loss_fn(model(x), y)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
