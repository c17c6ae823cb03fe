"""XOR of two features, at each place of a sequence, with two logits and no layer between."""

import torch
from torch import nn

SLUG = "not-separable"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randint(0, 2, (32, 6, 2)).float()
    y = (x[..., 0] != x[..., 1]).long()
    hidden = [nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2)] if repaired else [nn.Linear(2, 2)]  # FAULT
    model = nn.Sequential(*hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(200):
        loss = nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
