"""Twelve layers drawn from a normal distribution of spread 1.

Described at https://axeldomingues.dev/blog/initialization-scale-fragility-of-deep-networks
"""

import torch
from torch import nn

SLUG = "exploding"


class Deep(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(32, 32) for _ in range(12)])  # FAULT
        self.out = nn.Linear(32, 3)
        for layer in self.layers:
            if repaired:
                nn.init.kaiming_normal_(layer.weight)
            else:
                nn.init.normal_(layer.weight)

    def forward(self, x):
        for layer in self.layers:
            x = torch.relu(layer(x))
        return self.out(x)


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(200, 32)
    y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
    model = Deep(repaired)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(120):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
