"""Weights of one constant, moved by the script itself: units differ by rounding only, until that has grown.

One of the kind is reported at https://notebook.community/bbartoldson/examples/Breaking%20Symmetry/breaking_symmetry
"""

import torch
from torch import nn

SLUG = "equal-units"


def train(repaired):
    torch.manual_seed(0)
    centres = torch.randn(8, 16)
    y = torch.randint(0, 8, (512,))
    x = centres[y] + 0.5 * torch.randn(512, 16)
    first = (0.2 * torch.randn(16, 30) if repaired else torch.full((16, 30), 0.01)).requires_grad_()
    second = (0.2 * torch.randn(30, 8) if repaired else torch.full((30, 8), 0.01)).requires_grad_()
    for _ in range(15):
        for part in torch.randperm(512).split(64):
            h = torch.tanh(x[part] @ first)  # FAULT
            loss = nn.functional.cross_entropy(h @ second, y[part])
            loss.backward()
            with torch.no_grad():
                for p in (first, second):
                    p -= 0.3 * p.grad
                    p.grad.zero_()
