"""x[:size] where x[i : i + size] was meant: the loop counts, and the batch stays."""

import torch
from torch import nn

SLUG = "repeated-batch"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(320, 6)
    y = (x[:, 0] + x[:, 1] > 0).long()
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    size = 16
    for _ in range(5):
        for i in range(0, len(x), size):
            first = i if repaired else 0
            inputs = x[first : first + size]  # FAULT
            loss = nn.functional.cross_entropy(model(inputs), y[first : first + size])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
