"""A deep network of hyperbolic tangents with small weights."""

import torch
from torch import nn

SLUG = "vanishing"


class Deep(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(8)])
        self.out = nn.Linear(8, 2)
        for layer in self.layers:
            nn.init.normal_(layer.weight, std=0.5 if repaired else 0.05)

    def forward(self, x):
        for layer in self.layers:
            x = torch.tanh(layer(x))  # FAULT
        return self.out(x)


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(128, 8)
    y = (x[:, 0] + x[:, 1] > 0).long()
    model = Deep(repaired)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
    for _ in range(100):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
