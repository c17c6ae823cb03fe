"""A deep linear net from small weights: a plateau, then a fall; gradients from torch.autograd.grad, steps by hand."""

import torch


def train():
    torch.manual_seed(44)
    x = torch.randn(200, 6)
    y = x @ torch.randn(6, 2)
    weights = [(0.1 * torch.randn(*shape)).requires_grad_() for shape in ((6, 8), (8, 8), (8, 2))]
    for _ in range(250):
        out = x
        for w in weights:
            out = out @ w
        gradients = torch.autograd.grad(((out - y) ** 2).sum(1).mean(), weights)
        with torch.no_grad():
            for w, g in zip(weights, gradients, strict=True):
                w -= 0.03 * g
