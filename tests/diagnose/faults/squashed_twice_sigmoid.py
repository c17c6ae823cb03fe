"""A sigmoid at the end, squeezed, and BCEWithLogitsLoss on it."""

import torch
from torch import nn

SLUG = "squashed-twice"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(80, 4)
    y = (x[:, 0] > 0).float()
    end = [] if repaired else [nn.Sigmoid()]  # FAULT
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1), *end)
    loss_fn = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        loss = loss_fn(model(x).squeeze(1), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
