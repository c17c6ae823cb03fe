"""The losses of an epoch, put into a new tensor that requires grad: it has no graph behind it."""

import torch
from torch import nn

SLUG = "cut-graph"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(160, 4)
    y = x[:, :1] * x[:, 1:2]
    model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(80):
        losses = [nn.functional.huber_loss(model(x[rows]), y[rows]) for rows in torch.arange(160).split(32)]
        whole = torch.stack(losses) if repaired else torch.tensor(losses, requires_grad=True)  # FAULT
        loss = whole.mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
