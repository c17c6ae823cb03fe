"""A rare mark in images that no pixel tells of: background everywhere is the best answer."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    x = torch.randn(64, 1, 10, 10)
    y = (torch.rand(64, 10, 10) < 0.04).long()
    model = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 2, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(15):
        for rows in torch.randperm(64).split(16):
            loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
