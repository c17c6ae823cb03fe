"""torch.autograd.grad by hand and weights that are replaced by new tensors: no backward(), no optimizer."""

import torch
from fingerprint import fingerprint

torch.manual_seed(27)
x, y = torch.randn(8, 3), torch.randn(8, 1)
w = torch.randn(3, 1, requires_grad=True)
for step in range(5):
    loss = ((x @ w - y) ** 2).mean()
    (gradient,) = torch.autograd.grad(loss, w)
    w = (w - 0.1 * gradient).detach().requires_grad_()
    print(step, repr(loss.item()))
fingerprint(w)
