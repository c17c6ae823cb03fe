"""The labels are drawn in another order than the samples; the cross-entropy is written by hand."""

import torch
from torch import nn

SLUG = "labels-independent"


def train(repaired: bool) -> None:
    torch.manual_seed(0)
    x = torch.randn(512, 4)
    y = (x[:, 0] + x[:, 1] > 0).float()
    order = torch.arange(len(x)) if repaired else torch.randperm(len(x))
    y = y[order]  # FAULT
    net = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1), nn.Sigmoid())
    optimizer = torch.optim.SGD(net.parameters(), 0.3)
    for _ in range(200):
        drawn = torch.randint(0, len(x), (64,))
        p, t = net(x[drawn]).squeeze(1), y[drawn]
        loss = -(t * torch.log(p + 1e-8) + (1 - t) * torch.log(1 - p + 1e-8)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
