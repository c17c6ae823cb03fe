"""A softmax along the batch, and the negative log likelihood written by hand."""

import torch
from torch import nn

SLUG = "softmax-over-samples"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 5)
    y = x[:, :4].argmax(1)
    model = nn.Sequential(nn.Linear(5, 24), nn.Tanh(), nn.Linear(24, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.9)
    for _ in range(80):
        p = torch.softmax(model(x), 1 if repaired else 0)  # FAULT
        loss = -torch.log(p[torch.arange(64), y]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
