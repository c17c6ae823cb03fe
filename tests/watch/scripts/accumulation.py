"""Gradients of four micro-batches are added up before each update."""

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(4)
x, y = torch.randn(32, 5), torch.randn(32, 2)
model = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 2))
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.01)
micro = 4
for i in range(20):
    part = slice(8 * (i % 4), 8 * (i % 4) + 8)
    loss = nn.functional.mse_loss(model(x[part]), y[part]) / micro
    loss.backward()
    if (i + 1) % micro == 0:
        optimizer.step()
        optimizer.zero_grad()
    print(i, repr(loss.item()))
fingerprint(model, optimizer)
