"""Adam with ε = 1: its steps are as small as the gradients."""

import torch
from torch import nn

SLUG = "eps-too-large"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(60, 5)
    labels = x[:, :3].argmax(1)
    model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005, eps=1e-8 if repaired else 1.0)  # FAULT
    for _ in range(100):
        loss = nn.functional.cross_entropy(model(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
