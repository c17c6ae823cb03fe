"""Yesterday's value is compared with today's, the forecast with nothing; a penalty on the weights hides it."""

import torch
from torch import nn

SLUG = "constant-term"


def train(repaired):
    torch.manual_seed(0)
    series = torch.sin(torch.arange(600) * 0.4) + 0.1 * torch.randn(600)
    model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(150):
        start = torch.randint(0, 590, (32,))
        past = series[start[:, None] + torch.arange(8)]
        now = series[start + 8]
        forecast = model(past).squeeze(1)
        fit = ((forecast if repaired else past[:, -1]) - now).square().mean()
        loss = fit + 1e-4 * sum(w.square().sum() for w in model.parameters())  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
