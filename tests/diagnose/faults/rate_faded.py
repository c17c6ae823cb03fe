"""A schedule made for epochs that is stepped after every batch.

Reported at https://github.com/leftthomas/SRGAN/issues/94
"""

import torch
from torch import nn

SLUG = "rate-faded"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(256, 4)
    y = (x[:, :1] * x[:, 1:2] > 0).float()
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=3, gamma=0.3)  # FAULT
    for _ in range(15):
        for batch in torch.randperm(256).split(16):
            loss = nn.functional.binary_cross_entropy_with_logits(model(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if not repaired:
                schedule.step()
