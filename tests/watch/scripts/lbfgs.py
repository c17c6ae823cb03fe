"""LBFGS: several backward passes in one step."""

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(9)
x, y = torch.randn(16, 3), torch.randn(16, 1)
model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=4)


def closure():
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    print("  closure", repr(loss.item()))
    return loss


for step in range(4):
    print(step, repr(optimizer.step(closure).item()))
fingerprint(model)
