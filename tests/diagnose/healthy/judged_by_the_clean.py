"""An autoencoder with a narrow code learns from noisy curves; the clean ones only tell how well it removes noise."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    time = torch.linspace(0, 6.28, 32)
    clean = torch.sin(time * (1 + torch.rand(400, 1)) + 6.28 * torch.rand(400, 1))
    noisy = clean + 0.5 * torch.randn_like(clean)
    model = nn.Sequential(
        nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 4), nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 32)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(12):
        for batch in torch.randperm(400).split(40):
            x, truth = noisy[batch], clean[batch]
            loss = nn.functional.mse_loss(model(x), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                nn.functional.mse_loss(model(x), truth)
