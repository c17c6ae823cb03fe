"""A recurrent cell written by hand whose weights are ten times too large."""

import torch
from torch import nn

SLUG = "saturated"


class Cell(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        size = 0.3 if repaired else 10
        self.wx = nn.Parameter(torch.randn(3, 24) * size)
        self.wh = nn.Parameter(torch.randn(24, 24) * size)
        self.out = nn.Linear(24, 2)

    def forward(self, x):
        h = x.new_zeros(len(x), 24)
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.wx + h @ self.wh)  # FAULT
        return self.out(h)


def train(repaired):
    torch.manual_seed(0)
    model = Cell(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(150):
        x = torch.randn(64, 6, 3)
        y = (x[:, :, 0].sum(1) > x[:, :, 1].sum(1)).long()
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
