"""Fails inside the backward pass, in the script's own backward, and lets the error out."""

import torch
from fingerprint import fingerprint
from torch import nn


class Fussy(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, gradient):
        if step == 2:
            raise ValueError("not today")
        return gradient * 2


torch.manual_seed(32)
model = nn.Linear(3, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(4):
    loss = Fussy.apply(model(torch.randn(4, 3))).square().mean()
    optimizer.zero_grad()
    try:
        loss.backward()
    finally:
        print(step, repr(loss.item()))
        fingerprint(model)
    optimizer.step()
