"""Two heads, two losses, and backward() on one of them."""

import torch
from torch import nn

SLUG = "unused-output"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(200, 6)
    y, z = x[:, :2].sum(1, keepdim=True), x[:, 2:4].sum(1, keepdim=True)
    body, first, second = nn.Sequential(nn.Linear(6, 48), nn.ReLU()), nn.Linear(48, 1), nn.Linear(48, 1)
    optimizer = torch.optim.Adam([p for part in (body, first, second) for p in part.parameters()], lr=0.01)
    for _ in range(100):
        h = body(x)
        made = first(h)  # FAULT
        one, other = nn.functional.mse_loss(made, y), nn.functional.mse_loss(second(h), z)
        optimizer.zero_grad()
        (one + other if repaired else other).backward()
        optimizer.step()
