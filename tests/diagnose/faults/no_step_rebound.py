"""An update by hand that gives a new tensor the parameter's name in the loop, and leaves the parameter as it is."""

import torch
from torch import nn

SLUG = "no-step"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(100, 4)
    y = x @ torch.randn(4, 2)
    model = nn.Linear(4, 2)
    for _ in range(60):
        model.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()  # FAULT
        for p in model.parameters():
            if repaired:
                p.data -= 0.1 * p.grad
            else:
                p = p - 0.1 * p.grad
