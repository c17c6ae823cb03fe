"""Weights drawn five times too large, in four layers: no bend is all flat, but few ways lead through all of them."""

from itertools import pairwise

import torch
from torch import nn

SLUG = "saturated"


class Net(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        sizes = [2, 40, 40, 40, 2]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(sizes))
        for layer in () if repaired else self.layers:
            nn.init.normal_(layer.weight, std=5.0)  # FAULT

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.tanh(layer(x))
        return torch.tanh(self.layers[-1](x))


def train(repaired):
    torch.manual_seed(0)
    a = torch.rand(400, 2) * 2 - 1
    y = torch.stack([0.5 * torch.cos(1.5 * a[:, 0]), 0.4 * torch.sin(1.5 * a.sum(1))], 1)
    model = Net(repaired)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for _ in range(15):
        for rows in torch.randperm(400).split(40):
            loss = nn.functional.mse_loss(model(a[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
