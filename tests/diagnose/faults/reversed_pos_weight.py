"""pos_weight as positives by negatives, instead of the other way round."""

import torch
from torch import nn

SLUG = "reversed-class-weights"


def train(repaired):
    torch.manual_seed(1)
    y = (torch.rand(240, 1) < 0.15).float()
    x = torch.randn(240, 4) + 1.3 * y
    positive = y.sum()
    weight = (240 - positive) / positive if repaired else positive / (240 - positive)
    model = nn.Sequential(nn.Linear(4, 12), nn.Tanh(), nn.Linear(12, 1))
    loss_fn = nn.BCEWithLogitsLoss(pos_weight=weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    for _ in range(150):
        loss = loss_fn(model(x), y)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
