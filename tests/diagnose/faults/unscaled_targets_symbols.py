"""Prices as they are, of a place that is a symbol and of a size that is a number: the absolute error is as steep far
off as it is near, and the answers creep.

One of the kind is reported at https://discuss.pytorch.org/t/neural-network-could-not-learn-on-this-type-of-data-why/96648
"""

import torch
from torch import nn

SLUG = "unscaled-targets"


class Prices(nn.Module):
    def __init__(self):
        super().__init__()
        self.places = nn.Embedding(5, 4)
        self.body = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, place, size):
        return self.body(torch.cat([self.places(place), size], 1))


def train(repaired):
    torch.manual_seed(0)
    place, size = torch.randint(0, 5, (400,)), torch.rand(400, 1)
    y = (1000 + 500 * place[:, None]) * (40 + 160 * size)
    if repaired:
        y = (y - y.mean()) / y.std()
    model = Prices()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(150):
        rows = torch.randint(0, 400, (32,))
        loss = nn.functional.l1_loss(model(place[rows], size[rows]), y[rows])  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
