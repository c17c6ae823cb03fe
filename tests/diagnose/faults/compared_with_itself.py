"""The anchor stands in the place of the negative."""

import torch
from torch import nn

SLUG = "compared-with-itself"


def train(repaired):
    torch.manual_seed(0)
    keys = torch.randn(8, 10)
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 8))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(120):
        a = torch.randint(0, 8, (40,))
        b = (a + torch.randint(1, 8, (40,))) % 8
        anchor, positive, negative = (model(keys[ids] + 0.5 * torch.randn(40, 10)) for ids in (a, a, b))
        loss = nn.functional.triplet_margin_loss(anchor, positive, negative if repaired else anchor)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
