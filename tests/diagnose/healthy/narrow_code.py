"""A code of two units for data of falling variances: to keep the largest directions is what it is for."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    x = torch.randn(256, 6) * torch.tensor([2.0, 1.5, 0.9, 0.8, 0.7, 0.6]) @ torch.linalg.qr(torch.randn(20, 6)).Q.T
    model = nn.Sequential(nn.Linear(20, 2), nn.Linear(2, 20))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        loss = nn.functional.mse_loss(model(x), x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
