"""The mean over the marked entries of a batch in which nothing is marked: 0/0."""

import torch
from torch import nn

SLUG = "not-finite"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    y = x.sum(1)
    marked = torch.rand(64) < 0.8
    marked[24:32] = False
    model = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for step in range(64):
        rows = slice(8 * (step % 8), 8 * (step % 8) + 8)
        errors = (model(x[rows]).squeeze(1) - y[rows]).square()
        mask = marked[rows].float()
        count = mask.sum()
        loss = (errors * mask).sum() / (count.clamp(min=1) if repaired else count)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
