"""Nesterov momentum with two parameter groups; gradients are zeroed in place."""

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(6)
x, y = torch.randn(12, 3), torch.randint(0, 2, (12, 1)).float()
model = nn.Sequential(nn.Linear(3, 5), nn.ELU(), nn.Linear(5, 1))
groups = [{"params": model[0].parameters(), "lr": 0.2}, {"params": model[2].parameters(), "weight_decay": 0.01}]
optimizer = torch.optim.SGD(groups, lr=0.05, momentum=0.8, nesterov=True)
for step in range(6):
    optimizer.zero_grad(set_to_none=False)
    loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)
    loss.backward()
    optimizer.step()
    print(step, repr(loss.item()))
fingerprint(model, optimizer)
