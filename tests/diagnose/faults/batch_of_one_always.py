"""Batch norm over one series at a time: how loud it was, which is the answer, is divided away."""

import torch
from torch import nn

SLUG = "batch-of-one"


class Loudness(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.norm = nn.Conv1d(1, 8, 3, padding=1), nn.BatchNorm1d(8)  # FAULT
        self.out = nn.Linear(8, 2)

    def forward(self, x):
        return self.out(torch.relu(self.norm(self.first(x))).mean(-1))


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 2, (400,))
    x = torch.randn(400, 1, 12) * (0.5 + 1.5 * y[:, None, None])
    model = Loudness()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for rows in torch.arange(400).split(32 if repaired else 1) * (20 if repaired else 1):
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
