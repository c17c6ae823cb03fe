"""Points on a line that are to lie where the data lie: to each the nearest counts, in both directions (Chamfer)."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 24))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.003)
    for _ in range(150):
        shape = torch.rand(3) * 2
        points = (shape[0] + shape[1] * torch.linspace(-1, 1, 24) + shape[2] * torch.linspace(-1, 1, 24) ** 3)[
            torch.randperm(24)
        ]
        found = net(shape)
        apart = (found.view(-1, 1) - points).abs()
        loss = apart.min(0).values.mean() + apart.min(1).values.mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
