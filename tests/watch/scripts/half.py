"""float16 under autocast with a GradScaler, whose first scale is too large: that optimizer step is skipped."""

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(35)
x, y = torch.randn(8, 6), torch.randint(0, 3, (8,))
model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
scaler = torch.amp.GradScaler("cpu", init_scale=2.0**40, backoff_factor=2.0**-30)
for step in range(5):
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.float16):
        loss = nn.functional.cross_entropy(model(x), y)
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), 0.5)
    scaler.step(optimizer)
    scaler.update()
    print(step, repr(loss.item()), scaler.get_scale())
fingerprint(model, optimizer)
