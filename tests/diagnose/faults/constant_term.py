"""A variational autoencoder whose cross-entropy is given the picture twice: only the divergence has a gradient."""

import torch
from torch import nn
from torch.nn import functional as F

SLUG = "constant-term"


def train(repaired):
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Linear(36, 32), nn.ReLU(), nn.Linear(32, 6))
    decoder = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 36), nn.Sigmoid())
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.003)
    place = torch.arange(6.0)
    for _ in range(150):
        x, y = torch.rand(2, 40, 1) * 5
        blot = torch.exp(-((place - x) ** 2)[:, :, None] - ((place - y) ** 2)[:, None]).flatten(1).clamp(0.01, 0.99)
        mean, log_variance = encoder(blot).chunk(2, 1)
        drawn = decoder(mean + torch.randn_like(mean) * (log_variance / 2).exp())
        divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1).mean()
        error = F.binary_cross_entropy(drawn if repaired else blot, blot, reduction="sum") / 40  # FAULT
        loss = error + 0.5 * divergence
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
