"""A small network learns the softened answers of a larger one, by their divergence."""

import torch
from torch import nn
from torch.nn import functional as F


def train():
    torch.manual_seed(0)
    teacher = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 3)).requires_grad_(False)
    pupil = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    optimizer = torch.optim.Adam(pupil.parameters(), lr=0.01)
    for _ in range(80):
        x = torch.randn(64, 4)
        wanted = F.softmax(3 * teacher(x) / 2, dim=1)
        loss = 4 * F.kl_div(F.log_softmax(pupil(x) / 2, dim=1), wanted, reduction="batchmean")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
