"""Adam with η = 5: the first steps saturate every unit.

One of the kind is reported at https://github.com/pytorch/examples/issues/247
"""

import torch
from torch import nn

SLUG = "rate-too-high"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    y = (x[:, :1] * x[:, 1:2] > 0).float()
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1), nn.Sigmoid())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02 if repaired else 5.0)  # FAULT
    for _ in range(120):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
