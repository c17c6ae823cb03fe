"""A network is trained; then one shift of all inputs is sought that raises its loss, with maximize=True."""

import torch
from torch import nn
from torch.nn import functional as F


def train():
    torch.manual_seed(0)
    y = torch.randint(0, 3, (160,))
    x = 3 * torch.randn(3, 6)[y] + 0.4 * torch.randn(160, 6)
    net = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 3))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(150):
        loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    net.requires_grad_(False)
    shift = nn.Parameter(torch.zeros(1, 6))
    climber = torch.optim.Adam([shift], lr=0.05, maximize=True)
    for _ in range(60):
        loss = F.cross_entropy(net(x + shift), y)
        climber.zero_grad()
        loss.backward()
        climber.step()
        with torch.no_grad():
            shift.clamp_(-1.5, 1.5)
