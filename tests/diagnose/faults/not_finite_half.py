"""Squares of sums in half precision: above 65,504 they are infinite.

One of the kind is reported at https://github.com/NVIDIA/apex/issues/93
"""

import torch
from torch import nn

SLUG = "not-finite"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 16) * 40
    y = x.sum(1, keepdim=True) / 40
    model = nn.Linear(16, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-5)
    for _ in range(60):
        prediction = model(x)
        energy = prediction if repaired else prediction.half() * 16
        loss = nn.functional.mse_loss(prediction, y) + 1e-6 * energy.pow(4).float().mean() * (not repaired)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
