"""The loss as a Python number, made a tensor again: "requires_grad=True" silences the error, and nothing is trained.

Reported at https://github.com/ronghuaiyang/arcface-pytorch/issues/56
"""

import torch
from torch import nn

SLUG = "cut-graph"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    y = (x[:, :1] * x[:, 1:2] > 0).float()
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(100):
        loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)
        if not repaired:
            loss = torch.tensor(loss.item(), requires_grad=True)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
