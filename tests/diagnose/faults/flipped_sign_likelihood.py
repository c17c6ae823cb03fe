"""A log likelihood written by hand without its minus."""

import torch
from torch import nn

SLUG = "flipped-sign"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(90, 4)
    y = x[:, :3].argmax(1)
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(80):
        likelihood = torch.log_softmax(model(x), dim=1).gather(1, y[:, None])  # FAULT
        loss = -likelihood.mean() if repaired else likelihood.mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
