"""A code of one number for data of six factors, with bends on both sides of it."""

import torch
from torch import nn

SLUG = "bottleneck"


def train(repaired):
    torch.manual_seed(0)
    x = torch.tanh(torch.randn(640, 6) @ torch.randn(6, 24) / 6**0.5)
    width = 8 if repaired else 1
    encoder = nn.Sequential(nn.Linear(24, 48), nn.ReLU(), nn.Linear(48, width))  # FAULT
    decoder = nn.Sequential(nn.Linear(width, 48), nn.ReLU(), nn.Linear(48, 24))
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=3e-3)
    for _ in range(60):
        for rows in torch.randperm(640).split(80):
            loss = nn.functional.mse_loss(decoder(encoder(x[rows])), x[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
