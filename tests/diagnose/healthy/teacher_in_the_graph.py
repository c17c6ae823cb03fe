"""A teacher that was trained before makes the targets, with its graph: it gets gradients that nobody uses."""

import torch
from torch import nn
from torch.nn import functional as F


def train():
    torch.manual_seed(0)
    x = torch.randn(128, 5)
    teacher = nn.Sequential(nn.Linear(5, 32), nn.Tanh(), nn.Linear(32, 3))
    student = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 3))
    optimizer = torch.optim.Adam(student.parameters(), lr=0.02)
    for _ in range(150):
        loss = F.kl_div(F.log_softmax(student(x), 1), F.softmax(4 * teacher(x), 1), reduction="batchmean")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
