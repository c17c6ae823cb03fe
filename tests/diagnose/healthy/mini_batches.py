"""A convolutional network with batch norm and dropout, on mini-batches, evaluated in between."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    x = torch.randn(128, 1, 8, 8)
    y = (x[:, 0, :4].mean((1, 2)) > x[:, 0, 4:].mean((1, 2))).long()
    layers = nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.2)
    model = nn.Sequential(*layers, nn.Linear(128, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for _ in range(15):
        model.train()
        for part in torch.randperm(128).split(32):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x[part]), y[part])
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            model(x).argmax(1)
