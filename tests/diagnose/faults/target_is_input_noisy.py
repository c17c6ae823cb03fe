"""A denoiser is compared with what it was given, noise and all."""

import torch
from torch import nn

SLUG = "target-is-input"


def train(repaired):
    torch.manual_seed(0)
    phase, height = torch.rand(2, 600, 1)
    waves = (0.5 + height) * torch.sin(torch.linspace(0, 6.3, 24) + 6.3 * phase)
    model = nn.Sequential(nn.Linear(24, 32), nn.ReLU(), nn.Linear(32, 24))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(150):
        clean = waves[torch.randint(0, 600, (64,))]
        noisy = clean + 0.4 * torch.randn_like(clean)
        loss = nn.functional.mse_loss(model(noisy), clean if repaired else noisy)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
