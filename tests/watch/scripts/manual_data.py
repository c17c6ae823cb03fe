"""No optimizer: w.data -= lr * w.grad, and w.grad = None; the last update is not followed by anything."""

import torch
from fingerprint import fingerprint

torch.manual_seed(8)
x, y = torch.randn(20, 3), torch.randn(20)
w = torch.nn.Parameter(torch.randn(3))
for step in range(5):
    loss = torch.nn.functional.l1_loss(torch.mv(x, w), y)
    loss.backward()
    w.data -= 0.1 * w.grad
    w.grad = None
    print(step, repr(loss.item()))
fingerprint(w)
