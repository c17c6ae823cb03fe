"""Triplets whose negative lies nearer than the positive: they differ in one feature alone, and that is learnt."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 3))
    triplet = nn.TripletMarginLoss(margin=1.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(150):
        kind = torch.randint(0, 2, (32, 1)) * 2.0 - 1
        anchor = torch.cat([kind, torch.randn(32, 5)], 1)
        positive = torch.cat([kind, torch.randn(32, 5)], 1)
        negative = torch.cat([-kind, anchor[:, 1:] + 0.1 * torch.randn(32, 5)], 1)
        loss = triplet(model(anchor), model(positive), model(negative))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
