"""A linear autoencoder with a code of two units, for data that varies in six directions alike."""

import torch
from torch import nn

SLUG = "bottleneck"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(256, 6) @ torch.linalg.qr(torch.randn(20, 6)).Q.T
    width = 6 if repaired else 2
    model = nn.Sequential(nn.Linear(20, width), nn.Linear(width, 20))  # FAULT
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(60):
        for rows in torch.randperm(256).split(64):
            loss = nn.functional.mse_loss(model(x[rows]), x[rows])  # FAULT
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
