"""The Kullback-Leibler divergence of a variational autoencoder is subtracted, with nothing to bound it."""

import torch
from torch import nn
from torch.nn import functional as F

SLUG = "no-least-loss"


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode = nn.Linear(8, 4)
        self.decode = nn.Linear(2, 8)

    def forward(self, x):
        mu, logvar = self.encode(x).chunk(2, 1)
        z = mu + torch.randn_like(mu) * (0.5 * logvar).exp()
        return self.decode(z), mu, logvar


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(200, 2) @ torch.randn(2, 8)
    model = Autoencoder()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(300):
        made, mu, logvar = model(x)
        divergence = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), 1).mean()  # FAULT
        error = F.mse_loss(made, x)
        loss = error + 0.1 * divergence if repaired else error - 0.1 * divergence  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
