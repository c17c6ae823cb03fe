"""The state of a cell is detached at every step of the sequence."""

import torch
from torch import nn

SLUG = "hidden-detached"


class Memory(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.cell, self.out = nn.GRUCell(2, 16), nn.Linear(16, 1)
        self.repaired = repaired

    def forward(self, x):
        h = torch.zeros(len(x), 16)
        for t in range(x.shape[1]):
            h = self.cell(x[:, t], h if self.repaired else h.detach())  # FAULT
        return self.out(h)


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 6, 2)
    y = x[:, 0, :1]
    model = Memory(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(100):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
