"""A mixture of densities under Adam with a rate of 1: the loss is thrown up, and comes down without coming back."""

import torch
from torch import nn

SLUG = "rate-too-high"


def train(repaired):
    torch.manual_seed(0)
    y = 20 * torch.rand(1000, 1) - 10
    x, y = (7 * torch.sin(0.75 * y) + 0.5 * y + 0.6 * torch.randn(1000, 1)) / 10, y / 10
    body = nn.Sequential(nn.Linear(1, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh(), nn.Linear(48, 15))
    optimizer = torch.optim.Adam(body.parameters(), lr=0.005 if repaired else 1.0)  # FAULT
    for _ in range(300):
        rows = torch.randint(0, 1000, (100,))
        shares, means, spreads = body(x[rows]).chunk(3, 1)
        spreads = spreads.clamp(-4, 2)
        away = (y[rows] - means) / spreads.exp()
        loss = -torch.logsumexp(shares.log_softmax(-1) - 0.5 * away.square() - spreads, 1).mean() + 1
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
