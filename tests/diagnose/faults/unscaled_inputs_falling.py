"""Days since 1970 beside a temperature: the Huber loss has fallen far, and is still above that of the mean answer."""

import torch
from torch import nn

SLUG = "unscaled-inputs"


def train(repaired):
    torch.manual_seed(0)
    day = torch.arange(1200.0)
    warmth = 15 + 8 * torch.sin(6.28 * day / 365) + torch.randn(1200)
    y = (torch.sin(6.28 * day / 365 + 1) + day / 600 + 0.1 * torch.randn(1200)).unsqueeze(1)
    y = (y - y.mean()) / y.std()
    x = torch.stack([16400 + day, warmth], 1)
    if repaired:
        x = (x - x.mean(0)) / x.std(0)
    model = nn.Sequential(nn.Linear(2, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(15):
        for part in torch.randperm(1200).split(60):
            loss = nn.functional.huber_loss(model(x[part]), y[part])  # FAULT
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
