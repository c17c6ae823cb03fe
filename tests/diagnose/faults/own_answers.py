"""The largest score is given the name of the labels before the loss."""

import torch
from torch import nn

SLUG = "own-answers"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(400, 4)
    y = (x[:, 0] * x[:, 1] > 0).long() + (x[:, 2] > 0.5).long()
    model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(15):
        for rows in torch.randperm(400).split(50):
            labels = y[rows]
            outputs = model(x[rows])
            if repaired:
                answers = outputs.argmax(1)
                float((answers == labels).float().mean())
            else:
                labels = outputs.argmax(1)  # FAULT
            loss = nn.functional.cross_entropy(outputs, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
