"""Samples that meet on purpose: centred by the mean of the batch, and mixed in pairs."""

import torch
from torch import nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(6, 24), nn.Linear(24, 3)

    def forward(self, x, order, share):
        h = torch.tanh(self.first(x))
        h = h - h.mean(0)
        h = share * h + (1 - share) * h[order]
        return self.last(h)


def train():
    torch.manual_seed(0)
    y = torch.randint(0, 3, (240,))
    x = torch.randn(240, 6) + 0.5 * torch.eye(6)[y]
    model = Model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(12):
        for rows in torch.randperm(240).split(40):
            order, share = torch.randperm(40), float(torch.rand(()))
            targets = nn.functional.one_hot(y[rows], 3).float()
            targets = share * targets + (1 - share) * targets[order]
            loss = nn.functional.cross_entropy(model(x[rows], order, share), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
