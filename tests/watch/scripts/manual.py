"""No optimizer: w -= lr * w.grad under no_grad, and grad.zero_()."""

import torch
from fingerprint import fingerprint

torch.manual_seed(7)
x, y = torch.randn(20, 3), torch.randn(20, 1)
w = torch.randn(3, 1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
for step in range(6):
    loss = ((x @ w + b - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
        b -= 0.1 * b.grad
        w.grad.zero_()
        b.grad.zero_()
    print(step, repr(loss.item()))
fingerprint(w, b)
