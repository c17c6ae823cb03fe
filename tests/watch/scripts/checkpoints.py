"""Activation checkpointing, in both of torch's ways, over a block with dropout."""

import torch
from fingerprint import fingerprint
from torch import nn
from torch.utils.checkpoint import checkpoint

torch.manual_seed(19)
x, y = torch.randn(8, 4), torch.randn(8, 1)
first, last = nn.Linear(4, 6), nn.Linear(6, 1)
block = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Dropout(0.2), nn.Linear(6, 6))
optimizer = torch.optim.SGD([*first.parameters(), *block.parameters(), *last.parameters()], lr=0.1)
for step in range(6):
    h = first(x)
    h = checkpoint(block, h, use_reentrant=step % 2 == 1)
    loss = nn.functional.mse_loss(last(h), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, repr(loss.item()))
fingerprint(first, block, last)
