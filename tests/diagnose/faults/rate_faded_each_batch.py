"""A schedule meant for epochs, stepped after every batch.

Described at https://runebook.dev/en/docs/pytorch/generated/torch.optim.lr_scheduler.lrscheduler
"""

import torch
from torch import nn

SLUG = "rate-faded"


def train(repaired):
    torch.manual_seed(0)
    x = torch.rand(400, 3) * 2 - 1
    y = torch.stack([torch.sin(3 * x[:, 0]) * x[:, 1], x[:, 2] - x[:, 1]], 1)
    model = nn.Sequential(nn.Linear(3, 32), nn.ELU(), nn.Linear(32, 32), nn.ELU(), nn.Linear(32, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.3 if not repaired else 0.8)  # FAULT
    for _ in range(12):
        for rows in torch.randperm(400).split(25):
            loss = nn.functional.mse_loss(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if not repaired:
                schedule.step()
        if repaired:
            schedule.step()
