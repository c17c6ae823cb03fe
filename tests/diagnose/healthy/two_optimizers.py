"""A generator and a discriminator, each with its optimizer; gradients of one are not those of the other."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
    judge = nn.Sequential(nn.Linear(1, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    first = torch.optim.Adam(generator.parameters(), lr=0.002)
    second = torch.optim.Adam(judge.parameters(), lr=0.002)
    loss_fn = nn.BCEWithLogitsLoss()
    yes, no = torch.ones(64, 1), torch.zeros(64, 1)
    for _ in range(120):
        real, fake = torch.randn(64, 1) + 2, generator(torch.randn(64, 2))
        second.zero_grad()
        (loss_fn(judge(real), yes) + loss_fn(judge(fake.detach()), no)).backward()
        second.step()
        first.zero_grad()
        loss_fn(judge(fake), yes).backward()
        first.step()
