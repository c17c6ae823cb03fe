"""A flow of two scaled shifts: the data went through a logit first, and the volume which that takes is most of the
likelihood, and no weight's. What comes out is kept, to be looked at."""

import math

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    nets = nn.ModuleList(nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 4)) for _ in range(2))
    optimizer = torch.optim.Adam(nets.parameters(), lr=0.005)
    kept = []
    for _ in range(150):
        angle = torch.rand(64, 1) * 6.28
        pixels = torch.sigmoid(torch.cat([angle.cos(), angle.sin(), angle.sin() ** 2, angle.cos()], 1))
        pixels = (pixels + 0.02 * torch.randn(64, 4)).clamp(0.01, 0.99)
        volume = (pixels.log() + (1 - pixels).log()).sum(1)
        left, right = (pixels / (1 - pixels)).log().chunk(2, 1)
        grown = 0.0
        for net in nets:
            size, shift = net(left).chunk(2, 1)
            size = torch.tanh(size)
            left, right = right * size.exp() + shift, left
            grown = grown + size.sum(1)
        kept.append(left.detach())
        normal = 0.5 * (left**2 + right**2 + math.log(2 * math.pi)).sum(1)
        loss = (normal - grown + volume).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
