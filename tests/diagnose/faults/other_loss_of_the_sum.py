"""The sum of both terms is computed and printed, and backward() is called on one of them."""

import torch
from torch import nn

SLUG = "other-loss"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(160, 6) @ torch.randn(6, 12)
    encoder, decoder = nn.Linear(12, 8), nn.Linear(4, 12)
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.01)
    for _ in range(80):
        mean, spread = encoder(x).chunk(2, 1)
        restored = decoder(mean + torch.randn_like(mean) * (spread / 2).exp())
        first = (restored - x).square().sum(1).mean()
        second = 0.5 * (mean**2 + spread.exp() - 1 - spread).sum(1).mean()
        total = first + 0.1 * second
        optimizer.zero_grad()
        (total if repaired else second).backward()  # FAULT
        optimizer.step()
