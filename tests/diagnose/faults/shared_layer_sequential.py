"""One hidden layer, three times in a Sequential.

Reported at https://github.com/zalandoresearch/pytorch-vq-vae/issues/2
"""

import torch
from torch import nn

SLUG = "shared-layer"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(100, 3)
    y = torch.sin(2 * x[:, :1])
    hidden = [nn.Linear(12, 12) for _ in range(3)] if repaired else [nn.Linear(12, 12)] * 3  # FAULT
    body = [part for layer in hidden for part in (layer, nn.Tanh())]
    model = nn.Sequential(nn.Linear(3, 12), nn.Tanh(), *body, nn.Linear(12, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(120):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
