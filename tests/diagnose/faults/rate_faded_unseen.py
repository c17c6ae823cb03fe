"""A schedule that is 0 at all steps that were recorded: one that counts epochs is told the batches."""

import torch
from torch import nn

SLUG = "rate-faded"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(240, 6)
    y = (x[:, 0] * x[:, 1] > 0).long()
    model = nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    until = 120 if repaired else 12
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: min(t, 4) / 4 * max(0.0, 1 - t / until))  # FAULT
    for _ in range(12):
        for rows in torch.randperm(240).split(24):
            loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
