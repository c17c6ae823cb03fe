"""A network is drawn to its own slow copy's answers, and to those of a frozen teacher: its features
lose their spread on the way."""

import copy

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    teacher = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 4)).requires_grad_(False)
    with torch.no_grad():
        teacher[2].weight.mul_(0.1)
    pupil = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 4))
    slow = copy.deepcopy(pupil)
    optimizer = torch.optim.Adam(pupil.parameters(), lr=0.005)
    for _ in range(150):
        x = torch.randn(64, 6)
        answer = pupil(x)
        loss = (answer - teacher(x)).square().sum(1).mean()
        with torch.no_grad():
            still = slow(x)
        loss = loss + 0.1 * (answer - still).square().sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for s, w in zip(slow.parameters(), pupil.parameters(), strict=True):
                s.lerp_(w, 0.05)
