"""The optimizer got the parameters of the running average, which the script looks at now and then."""

import copy

import torch
from torch import nn

SLUG = "never-moved"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(512, 5)
    y = x[:, :1] * x[:, 1:2]
    student = nn.Sequential(nn.Linear(5, 32), nn.SiLU(), nn.Linear(32, 1))
    average = copy.deepcopy(student)
    moved = student if repaired else average
    optimizer = torch.optim.Adam(moved.parameters(), lr=5e-3)  # FAULT
    for step in range(200):
        part = torch.randint(0, 512, (64,))
        loss = nn.functional.mse_loss(student(x[part]), y[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for slow, fast in zip(average.parameters(), student.parameters(), strict=True):
                slow.lerp_(fast, 0.02)
            if step % 100 == 0:
                nn.functional.mse_loss(average(x), y)
