"""A generator of numbers, whose distribution is to be that of the data: each is compared with every other one (the
energy distance, Székely & Rizzo, 2013)."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(generator.parameters(), lr=0.003)
    for _ in range(150):
        true = torch.randn(64).exp()
        made = generator(torch.randn(64, 2))
        between, within = (made - true).abs().mean(), (made - made.T).abs().mean()
        loss = 2 * between - within - (true - true[:, None]).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
