"""Fine-tuning: batch norms that were trained before are frozen in evaluation mode, and so is the first layer."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    x = 2 + 3 * torch.randn(128, 6)
    y = (x[:, 0] > x[:, 1]).long()
    body = nn.Sequential(nn.Linear(6, 24), nn.BatchNorm1d(24), nn.ReLU())
    head = nn.Linear(24, 2)
    with torch.no_grad():
        for _ in range(30):  # pre-training moved the statistics
            body(x)
    body.eval()
    body[0].requires_grad_(False)
    optimizer = torch.optim.SGD([p for p in (*body.parameters(), *head.parameters()) if p.requires_grad], lr=0.1)
    for _ in range(100):
        loss = nn.functional.cross_entropy(head(body(x)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
