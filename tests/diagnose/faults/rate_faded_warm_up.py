"""A warm-up that counts in whole numbers: (step + 1) // 1000 is 0 for as long as the run lasts."""

import torch
from torch import nn

SLUG = "rate-faded"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(256, 4)
    y = (x[:, 0] * x[:, 1] > 0).long()
    model = nn.Sequential(nn.Linear(4, 24), nn.ReLU(), nn.Linear(24, 2))
    optimizer = torch.optim.RMSprop(model.parameters(), lr=5e-3)
    steps = 20 if repaired else 1000
    warm_up = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) // steps))  # FAULT
    for _ in range(300):
        part = torch.randint(0, 256, (64,))
        loss = nn.functional.cross_entropy(model(x[part]), y[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        warm_up.step()
