"""One layer that is called four times on purpose, and a body that is run through twice."""

import torch
from torch import nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.again, self.out = nn.Linear(3, 16), nn.Linear(16, 16), nn.Linear(16, 1)
        self.body = nn.Sequential(nn.Linear(16, 16), nn.Tanh())

    def forward(self, x):
        x = self.first(x)
        for _ in range(4):
            x = torch.tanh(self.again(x))
        for _ in range(2):
            x = self.body(x)
        return self.out(x)


def train():
    torch.manual_seed(0)
    x = torch.randn(100, 3)
    y = torch.sin(x[:, :1]) + x[:, 1:2]
    model = Model()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(120):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
