"""Weight decay of 1 where 1e-4 was meant."""

import torch
from torch import nn

SLUG = "decay-too-strong"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(60, 5)
    labels = x[:, :3].argmax(1)
    model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 3))
    decay = 1e-4 if repaired else 1.0
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=decay)  # FAULT
    for _ in range(120):
        loss = nn.functional.cross_entropy(model(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
