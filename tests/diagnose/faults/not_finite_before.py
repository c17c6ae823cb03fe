"""The root mean square of a batch is summed in half precision: it is infinite, and what is divided by it is 0.

Zeros after dividing by infinity, in a norm of half precision: https://github.com/xlite-dev/LeetCUDA/pull/335
"""

import torch
from torch import nn

SLUG = "not-finite"


def train(repaired):
    torch.manual_seed(0)
    y = torch.arange(1200) % 6
    x = (8 + 3 * torch.randn(6, 64))[y] + torch.randn(1200, 64)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 6))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(100):
        batch = torch.randint(0, 1200, (128,))
        given = x[batch] if repaired else x[batch].half()
        size = ((given * given).sum() / given.numel()).sqrt()  # FAULT
        scaled = (given / size).float()
        loss = nn.functional.cross_entropy(model(scaled), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
