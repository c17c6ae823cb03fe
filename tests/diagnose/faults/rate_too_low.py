"""A learning rate copied from the fine-tuning of a large model."""

import torch
from torch import nn

SLUG = "rate-too-low"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(60, 5)
    labels = x[:, :3].argmax(1)
    model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02 if repaired else 2e-6)  # FAULT
    for _ in range(150):
        loss = nn.functional.cross_entropy(model(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
