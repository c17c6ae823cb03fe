"""A variational autoencoder, its data shuffled once: the targets are the inputs, so that no pair can be torn apart. As
the weight of the second term grows, the loss rises, and less than half of the spread is explained."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    x = torch.sigmoid(3 * torch.randn(600, 6) @ torch.randn(6, 64) - 1)
    x = x[torch.randperm(len(x))]
    encoder = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 8))
    decoder = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64))
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=2e-3)
    for step in range(400):
        batch = x[torch.randint(0, len(x), (100,))]
        mean, log_variance = encoder(batch).chunk(2, -1)
        code = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        error = nn.functional.binary_cross_entropy_with_logits(decoder(code), batch, reduction="none").sum(1).mean()
        divergence = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum(1).mean()
        loss = error + 4 * min(1.0, step / 200) * divergence
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
