"""Optimizers that are given a closure: the backward pass, and a clipped gradient, come about inside step()."""

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(33)
x, y = torch.randn(16, 3), torch.randn(16, 1)
model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=0.05)
momentum = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)


def closure():
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 0.3)
    return loss


for step in range(4):
    print(step, repr(optimizer.step(closure).item()), repr(momentum.step(closure=closure).item()))
fingerprint(model, optimizer, momentum)
