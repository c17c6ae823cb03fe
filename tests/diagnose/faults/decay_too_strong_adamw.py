"""AdamW takes η·λ·w off every weight in every step: with λ = 50 nothing is left of them."""

import torch
from torch import nn

SLUG = "decay-too-strong"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    y = (x[:, :1] * x[:, 1:2] > 0).float()
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
    decay = 0.01 if repaired else 50.0
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.02, weight_decay=decay)  # FAULT
    for _ in range(120):
        loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
