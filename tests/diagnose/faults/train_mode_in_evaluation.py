"""A validation without model.eval(): half of the numbers are dropped.

Reported at https://github.com/ipolharvard/ethos-ares/issues/20
"""

import torch
from torch import nn

SLUG = "train-mode-in-evaluation"


def validate(model, x, y):
    with torch.no_grad():
        return (model(x).argmax(1) == y).float().mean().item()  # FAULT


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(160, 6)
    y = (x[:, 0] + x[:, 1] > 0).long()
    model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(12):
        model.train()
        for part in torch.randperm(120).split(30):
            loss = nn.functional.cross_entropy(model(x[part]), y[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if repaired:
            model.eval()
        validate(model, x[120:], y[120:])
