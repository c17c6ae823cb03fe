"""A single nn.GRU, without a module of one's own around it, and no step()."""

import torch
from torch import nn

SLUG = "no-step"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(32, 6, 3)
    y = torch.tanh(x.mean(1))
    recurrent = nn.GRU(3, 3, batch_first=True)
    optimizer = torch.optim.Adam(recurrent.parameters(), lr=0.02)
    for _ in range(80):
        out, _ = recurrent(x)
        loss = nn.functional.mse_loss(out[:, -1], y)
        optimizer.zero_grad()
        loss.backward()  # FAULT
        if repaired:
            optimizer.step()
