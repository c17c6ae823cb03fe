"""A weak connection at its Bayes limit, in mini-batches."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    x = torch.randn(512, 5)
    y = (0.6 * x[:, 0] + torch.randn(512) > 0).long()
    model = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(12):
        for part in torch.randperm(512).split(64):
            loss = nn.functional.cross_entropy(model(x[part]), y[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
