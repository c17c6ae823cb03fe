"""Gradient clipping and a learning rate schedule."""

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(5)
x, y = torch.randn(16, 4) * 3, torch.randn(16, 1) * 3
model = nn.Sequential(nn.Linear(4, 8), nn.SiLU(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.2, total_steps=8)
for step in range(8):
    optimizer.zero_grad(set_to_none=True)
    loss = ((model(x) - y) ** 2).mean()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    if step % 2:
        torch.nn.utils.clip_grad_value_(model.parameters(), 0.1)
    optimizer.step()
    scheduler.step()
    print(step, repr(loss.item()), repr(norm.item()), scheduler.get_last_lr())
fingerprint(model, optimizer)
