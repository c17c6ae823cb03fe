"""A learned temperature goes through math.exp, which takes its number: contrastive pairs are never sharpened."""

import math

import torch
from torch import nn

SLUG = "cut-graph"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(48, 6)
    left, right = nn.Linear(6, 8), nn.Linear(6, 8)
    temperature = nn.Parameter(torch.tensor(1.0))
    optimizer = torch.optim.Adam([*left.parameters(), *right.parameters(), temperature], lr=0.02)
    for _ in range(120):
        first = nn.functional.normalize(left(x), dim=1)
        second = nn.functional.normalize(right(x + 0.1 * torch.randn_like(x)), dim=1)
        scale = temperature.exp() if repaired else math.exp(temperature)  # FAULT
        loss = nn.functional.cross_entropy(scale * first @ second.T, torch.arange(48))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
