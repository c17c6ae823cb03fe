"""The optimizer has the model that was copied; that one is looked at once, in front of the loop."""

import copy

import torch
from torch import nn

SLUG = "never-moved"


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(6, 16), nn.Linear(16, 1)

    def forward(self, x):
        return self.head(torch.tanh(self.body(x)))  # FAULT


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(120, 6)
    y = x[:, :1] * x[:, 1:2]
    base = Net()
    model = copy.deepcopy(base)
    optimizer = torch.optim.Adam((model if repaired else base).parameters(), lr=0.01)  # FAULT
    with torch.no_grad():
        base(x)
    for _ in range(120):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
