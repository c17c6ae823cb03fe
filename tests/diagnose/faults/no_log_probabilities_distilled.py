"""A student learns from its teacher; KLDivLoss is given the student's probabilities, not their logarithms.

What it is to be given: https://docs.pytorch.org/docs/1.10/generated/torch.nn.KLDivLoss.html
"""

import torch
from torch import nn
from torch.nn import functional as F

SLUG = "no-log-probabilities"


def train(repaired):
    torch.manual_seed(0)
    teacher = nn.Linear(6, 4).requires_grad_(False)
    student = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 4))
    loss_fn = nn.KLDivLoss(reduction="batchmean")
    optimizer = torch.optim.Adam(student.parameters(), lr=5e-3)
    for _ in range(150):
        x = torch.randn(64, 6)
        squash = F.log_softmax if repaired else F.softmax
        answers = squash(student(x), dim=1)  # FAULT
        loss = loss_fn(answers, F.softmax(3 * teacher(x), dim=1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
