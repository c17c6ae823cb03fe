"""A model is compared with its own answer, which was to be that of a teacher."""

import torch
from torch import nn

SLUG = "compared-with-itself"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(120, 4)
    y = torch.stack([x[:, 0] * x[:, 1], x[:, 2].abs()], 1)
    model = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        out = model(x)
        target = y if repaired else out.detach()
        loss = nn.functional.mse_loss(out, target) + 1e-4 * out.square().mean()  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
