"""A triplet loss with positive and negative swapped: like things are driven apart."""

import torch
from torch import nn

SLUG = "swapped-pairs"


def train(repaired):
    torch.manual_seed(0)
    middles = 2 * torch.randn(4, 8)
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 4))
    triplet = nn.TripletMarginLoss(margin=1.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(120):
        kind = torch.randint(0, 4, (32,))
        other = (kind + torch.randint(1, 4, (32,))) % 4
        anchor, positive, negative = (middles[k] + 0.7 * torch.randn(32, 8) for k in (kind, kind, other))
        if not repaired:
            positive, negative = negative, positive
        loss = triplet(model(anchor), model(positive), model(negative))  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
