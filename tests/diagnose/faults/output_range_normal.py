"""Softplus on both numbers of a normal distribution: the mean cannot go below 0, where most targets are."""

import torch
from torch import nn
from torch.distributions import Normal

SLUG = "output-range"


def train(repaired):
    torch.manual_seed(0)
    x = 4 * torch.rand(600, 2) - 2
    y = -3 - 1.5 * torch.sin(2 * x[:, 0]) + 0.8 * x[:, 1] + 0.1 * torch.randn(600)
    model = nn.Sequential(nn.Linear(2, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU(), nn.Linear(32, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(20):
        for part in torch.randperm(600).split(50):
            both = model(x[part])
            mean, spread = nn.functional.softplus(both).unbind(-1)  # FAULT
            mean = both[:, 0] if repaired else mean
            loss = -Normal(mean, spread + 0.05).log_prob(y[part]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
