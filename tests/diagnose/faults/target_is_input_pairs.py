"""A denoiser on pairs made before the loop, compared with the noisy half of each; nothing takes the clean one."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SLUG = "target-is-input"


def train(repaired):
    torch.manual_seed(0)
    time = torch.linspace(0, 6.28, 32)
    clean = torch.sin(time * (1 + torch.rand(400, 1)) + 6.28 * torch.rand(400, 1))
    noisy = clean + 0.5 * torch.randn_like(clean)
    model = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 32))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(10):
        for given, wanted in DataLoader(TensorDataset(noisy, clean), batch_size=40, shuffle=True):
            target = wanted if repaired else given
            loss = nn.functional.mse_loss(model(given), target)  # FAULT
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
