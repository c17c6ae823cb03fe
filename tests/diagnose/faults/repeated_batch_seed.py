"""manual_seed() within the loop: the batch is drawn anew in each step, and is the same each time."""

import torch
from torch import nn

SLUG = "repeated-batch"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(400, 6)
    y = x[:, :1] - x[:, 1:2]
    model = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for step in range(120):
        torch.manual_seed(step if repaired else 0)
        rows = torch.randperm(len(x))[:20]
        inputs, targets = x[rows].float(), y[rows]  # FAULT
        loss = nn.functional.mse_loss(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
