"""Residual blocks whose last layer begins with zeros, and a linear classifier of zeros."""

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(8, 16), nn.Linear(16, 8)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x):
        return x + self.second(torch.relu(self.first(x)))


def train():
    torch.manual_seed(0)
    x = torch.randn(120, 8)
    y = (x[:, 0] * x[:, 1] > 0).long()
    out = nn.Linear(8, 2)
    nn.init.zeros_(out.weight)
    model = nn.Sequential(Block(), Block(), out)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(100):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
