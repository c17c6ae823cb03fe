"""A teacher is trained, and then its optimizer's parameters are given to the student's optimizer.

One of the kind is reported at https://github.com/keras-team/keras-io/issues/257
"""

import torch
from torch import nn
from torch.nn import functional as F

SLUG = "never-moved"


def net(width):
    return nn.Sequential(nn.Linear(5, width), nn.Tanh(), nn.Linear(width, 3))


def error(judged, x, y):
    with torch.no_grad():
        return F.mse_loss(judged(x), y).item()


def taught(x, y):
    teacher = net(32)
    optimizer = torch.optim.Adam(teacher.parameters(), lr=0.02)
    for _ in range(150):
        loss = F.mse_loss(teacher(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return teacher


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(128, 5)
    y = torch.stack([x[:, 0] * x[:, 1], x[:, 2].abs(), x[:, 3] - x[:, 4]], 1)
    teacher, student = taught(x, y), net(16)
    learning = student if repaired else teacher
    optimizer = torch.optim.SGD(learning.parameters(), lr=0.1, momentum=0.9)  # FAULT
    for step in range(200):
        with torch.no_grad():
            wanted = teacher(x)
        loss = F.smooth_l1_loss(student(x), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 50 == 0:
            error(student, x, y)
