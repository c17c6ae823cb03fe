"""Validation between backward and step, and before backward: the mode of the model changes inside a step."""

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(3)
x, y = torch.randn(16, 6), torch.randn(16, 1)
model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.5), nn.Linear(8, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
for step in range(5):
    loss = nn.functional.smooth_l1_loss(model(x), y)
    model.eval()
    with torch.inference_mode():
        before = model(x).mean().item()
    model.train()
    optimizer.zero_grad()
    loss.backward()
    with torch.no_grad():
        noisy = model(x).mean().item()
    optimizer.step()
    print(step, repr(loss.item()), repr(before), repr(noisy))
fingerprint(model, optimizer)
