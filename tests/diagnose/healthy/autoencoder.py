"""Images through two numbers, ids as one-hot through three: a narrow place, and targets that are the inputs."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    hidden = torch.rand(200, 2)
    x = torch.sigmoid(hidden @ torch.randn(2, 16) * 2)
    code, back = (
        nn.Sequential(nn.Linear(16, 24), nn.Tanh(), nn.Linear(24, 2)),
        nn.Sequential(nn.Linear(2, 24), nn.Tanh()),
    )
    last = nn.Sequential(nn.Linear(24, 16), nn.Sigmoid())
    optimizer = torch.optim.Adam([*code.parameters(), *back.parameters(), *last.parameters()], lr=0.01)
    for _ in range(150):
        loss = nn.functional.mse_loss(last(back(code(x))), x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
