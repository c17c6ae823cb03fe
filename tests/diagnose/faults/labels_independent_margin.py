"""Images in one order and labels in another, under a margin loss written by hand: nobody sees what it compares."""

import torch
from torch import nn

SLUG = "labels-independent"


def train(repaired):
    torch.manual_seed(5)
    centres = torch.randn(10, 64)
    y = torch.arange(1200) % 10
    x = centres[y] + 0.5 * torch.randn(1200, 64)
    order = torch.randperm(1200)
    x = x[order]
    y = y[order if repaired else torch.randperm(1200)]  # FAULT
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 40))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(12):
        for batch in torch.randperm(1200).split(60):
            length = (model(x[batch]).view(-1, 10, 4).square().sum(-1) + 1e-8).sqrt()
            length = length / (1 + length)
            t = nn.functional.one_hot(y[batch], 10).float()
            away = t * torch.relu(0.9 - length).square() + 0.5 * (1 - t) * torch.relu(length - 0.1).square()
            loss = away.sum(1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
