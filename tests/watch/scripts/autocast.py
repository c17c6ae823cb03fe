"""Mixed precision on the CPU with a GradScaler, bfloat16 inside."""

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(30)
x, y = torch.randn(8, 6), torch.randint(0, 3, (8,))
model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cpu", init_scale=128.0)
for step in range(5):
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = nn.functional.cross_entropy(model(x), y)
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    print(step, repr(loss.item()))
fingerprint(model)
