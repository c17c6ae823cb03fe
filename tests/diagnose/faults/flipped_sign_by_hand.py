"""A descent written by hand that adds the gradient."""

import torch

SLUG = "flipped-sign"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(100, 3)
    y = x @ torch.tensor([1.0, -2.0, 0.5]) + 0.3
    w, b = torch.zeros(3, requires_grad=True), torch.zeros(1, requires_grad=True)
    for _ in range(60):
        loss = ((x @ w + b - y) ** 2).mean()  # FAULT
        loss.backward()
        with torch.no_grad():
            for p in (w, b):
                p += (-0.1 if repaired else 0.1) * p.grad
                p.grad = None
