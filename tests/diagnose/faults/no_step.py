"""backward() without step().

Reported at https://github.com/ClementPinard/SfmLearner-Pytorch/issues/5
"""

import torch
from torch import nn

SLUG = "no-step"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    y = (x[:, :1] * x[:, 1:2] > 0).float()
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(100):
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)
        loss.backward()  # FAULT
        if repaired:
            optimizer.step()
