"""backward() on the penalty alone; the loss that is printed has no part in it."""

import torch
from torch import nn

SLUG = "other-loss"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(200, 5)
    y = x @ torch.randn(5, 1)
    model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        penalty = 1e-3 * sum(p.pow(2).sum() for p in model.parameters())
        (loss + penalty if repaired else penalty).backward()  # FAULT
        optimizer.step()
