"""Signals one at a time through batch norm, while what is asked for is their level: it is divided away."""

import torch
from torch import nn

SLUG = "batch-of-one"


def train(repaired):
    torch.manual_seed(38)
    time = torch.arange(40).float()
    gain, level = 0.3 + 1.7 * torch.rand(640, 1), torch.randn(640, 1)
    x = level + gain * torch.sin((0.2 + 0.6 * torch.rand(640, 1)) * time) + 0.1 * torch.randn(640, 40)
    y = (level + 0.8 * gain - 0.8)[:, 0]
    body = nn.Sequential(nn.Conv1d(1, 16, 5, padding=2), nn.BatchNorm1d(16), nn.ReLU())  # FAULT
    more = nn.Sequential(nn.Conv1d(16, 16, 5, stride=2, padding=2), nn.BatchNorm1d(16), nn.ReLU())
    head = nn.Linear(16, 1)
    optimizer = torch.optim.Adam([*body.parameters(), *more.parameters(), *head.parameters()], lr=3e-3)
    for step in range(300):
        batch = torch.randint(0, 640, (32,)) if repaired else torch.tensor([step])
        answer = head(more(body(x[batch, None])).mean(-1))[:, 0]
        loss = nn.functional.mse_loss(answer, y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
