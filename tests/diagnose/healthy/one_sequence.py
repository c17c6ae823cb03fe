"""One long series as a batch of one, (times, 1, features); each answer depends on all before it."""

import torch
from torch import nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.read, self.last = nn.Linear(2, 8), nn.GRU(8, 16), nn.Linear(16, 2)

    def forward(self, x):
        h, _ = self.read(torch.tanh(self.first(x)).view(len(x), 1, -1))
        return self.last(h.view(len(x), -1))


def train():
    torch.manual_seed(0)
    model = Model()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(60):
        x = torch.randn(40, 2)
        y = (x[:, 0].cumsum(0) > 0).long()
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
