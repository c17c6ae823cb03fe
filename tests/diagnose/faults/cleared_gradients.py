"""zero_grad() between backward() and step().

Reported at https://github.com/lucidrains/byol-pytorch/issues/93
"""

import torch
from torch import nn

SLUG = "cleared-gradients"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    y = (x[:, :1] * x[:, 1:2] > 0).float()
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(100):
        loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)
        if repaired:
            optimizer.zero_grad()
        loss.backward()
        if not repaired:
            optimizer.zero_grad()
        optimizer.step()  # FAULT
