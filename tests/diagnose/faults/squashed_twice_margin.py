"""Probabilities into multilabel_soft_margin_loss, which applies log σ itself."""

import torch
from torch import nn

SLUG = "squashed-twice"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(300, 8)
    y = (x @ torch.randn(8, 6) > 2.0).float()
    model = nn.Sequential(nn.Linear(8, 24), nn.ReLU(), nn.Linear(24, 6))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        scores = model(x)
        given = scores if repaired else torch.special.expit(scores)  # FAULT
        loss = nn.functional.multilabel_soft_margin_loss(given, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
