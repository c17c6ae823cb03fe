"""Two players: one's batches are all real or all false, and what lowers the one's loss raises the other's."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    make = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
    judge = nn.Sequential(nn.Linear(1, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    makes = torch.optim.Adam(make.parameters(), lr=0.005)
    judges = torch.optim.Adam(judge.parameters(), lr=0.005)
    compare = nn.BCEWithLogitsLoss()
    for _ in range(60):
        real, false = 1.5 + 0.5 * torch.randn(32, 1), make(torch.randn(32, 2))
        loss = compare(judge(real), torch.ones(32, 1)) + compare(judge(false.detach()), torch.zeros(32, 1))
        judges.zero_grad()
        loss.backward()
        judges.step()
        loss = compare(judge(make(torch.randn(32, 2))), torch.ones(32, 1))
        makes.zero_grad()
        loss.backward()
        makes.step()
