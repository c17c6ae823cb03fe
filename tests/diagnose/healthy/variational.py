"""A variational autoencoder with free bits: the clamp stops the KL term, not the network."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    x = (torch.rand(128, 1) > 0.5).float() * 0.8 + 0.1 + 0.05 * torch.randn(128, 8)
    code, back = nn.Linear(8, 4), nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 8))
    optimizer = torch.optim.Adam([*code.parameters(), *back.parameters()], lr=0.01)
    for _ in range(120):
        mean, log_variance = code(x).chunk(2, dim=1)
        z = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        kl = (mean**2 + log_variance.exp() - 1 - log_variance).sum(1).mean() / 2
        loss = ((back(z) - x) ** 2).sum(1).mean() + 0.1 * kl.clamp(min=2.0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
