"""A decay of 1 that has not had the time to empty a convolutional network, and outweighs its gradient throughout."""

import torch
from torch import nn

SLUG = "decay-too-strong"


def train(repaired):
    torch.manual_seed(1)
    y = torch.randint(0, 4, (256,))
    x = torch.randn(4, 3, 12, 12)[y] + 0.5 * torch.randn(256, 3, 12, 12)
    convolutions = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU())
    model = nn.Sequential(convolutions, nn.Flatten(), nn.Linear(16 * 9, 4))
    decay = 1e-4 if repaired else 1.0
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.5, weight_decay=decay)  # FAULT
    for _ in range(4):
        for rows in torch.randperm(256).split(25):
            loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
