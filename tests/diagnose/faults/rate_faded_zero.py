"""A schedule in epochs whose step() is called for every batch: most steps are made with a rate of 0.

Reported at https://github.com/Lornatang/SRGAN-PyTorch/issues/1
"""

import torch
from torch import nn

SLUG = "rate-faded"


def train(repaired):
    torch.manual_seed(0)
    x = torch.rand(480, 3) * 2 - 1
    y = x[:, :1] + torch.sin(3 * x[:, 1:2]) * x[:, 2:]
    model = nn.Sequential(nn.Linear(3, 32), nn.Tanh(), nn.Linear(32, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    epochs, batches = 15, 12
    horizon = epochs * batches if repaired else epochs
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: max(0.0, 1 - t / horizon))  # FAULT
    for _ in range(epochs):
        for rows in torch.randperm(480).split(40):
            loss = nn.functional.mse_loss(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
