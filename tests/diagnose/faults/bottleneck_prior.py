"""An autoencoder with a code of one unit, its error written by hand beside a term that draws the code to its prior."""

import torch
from torch import nn

SLUG = "bottleneck"


def likeness(a, b):
    return 1 / (1 + torch.cdist(a, b).square() / a.shape[1])


def train(repaired):
    torch.manual_seed(0)
    parts = torch.rand(12, 64) * (torch.rand(12, 64) < 0.2)
    x = (torch.rand(1200, 12) < 0.3).float() @ parts + 0.05 * torch.rand(1200, 64)
    width = 24 if repaired else 1
    encoder = nn.Sequential(nn.Linear(64, 96), nn.LayerNorm(96), nn.SiLU(), nn.Linear(96, width))  # FAULT
    decoder = nn.Sequential(nn.Linear(width, 96), nn.LayerNorm(96), nn.SiLU(), nn.Linear(96, 64))
    optimizer = torch.optim.AdamW([*encoder.parameters(), *decoder.parameters()], lr=3e-3)
    for _ in range(25):
        for batch in torch.randperm(1200).split(100):
            code = encoder(x[batch])
            prior = torch.randn_like(code)
            apart = likeness(code, code).mean() + likeness(prior, prior).mean() - 2 * likeness(code, prior).mean()
            loss = (decoder(code) - x[batch]).pow(2).mean() + 1e-3 * apart
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
