"""Layers in a plain Python list: model.parameters() does not know them.

Reported: https://www.engineermaxxing.com/micro/lessons/pytorch-internals.html
"""

import torch
from torch import nn

SLUG = "never-moved"


class Deep(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        layers = [nn.Linear(4, 4) for _ in range(2)]  # FAULT
        self.layers = nn.ModuleList(layers) if repaired else layers
        self.out = nn.Linear(4, 1)

    def forward(self, x):
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return self.out(x)


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    y = (x**2).sum(1, keepdim=True) / 4
    model = Deep(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(100):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
