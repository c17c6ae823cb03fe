"""A custom autograd.Function that counts how often its backward runs."""

import torch
from fingerprint import fingerprint
from torch import nn


class Cube(torch.autograd.Function):
    backwards = 0

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, gradient):
        Cube.backwards += 1
        (x,) = ctx.saved_tensors
        return gradient * 3 * x**2


torch.manual_seed(11)
x, y = torch.randn(10, 3), torch.randn(10, 1)
model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
optimizer = torch.optim.Adagrad(model.parameters(), lr=0.05)
for step in range(5):
    optimizer.zero_grad()
    loss = nn.functional.huber_loss(model[1](Cube.apply(model[0](x))), y)
    loss.backward()
    optimizer.step()
    print(step, repr(loss.item()), Cube.backwards)
fingerprint(model, optimizer)
