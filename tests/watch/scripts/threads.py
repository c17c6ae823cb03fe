"""A second thread that trains its own model at the same time; and a loss that becomes NaN."""

import threading

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(31)
side = nn.Linear(3, 1)
data = torch.randn(8, 3)


def other():
    for _ in range(4):
        side(data).square().mean().backward()
        with torch.no_grad():
            for p in side.parameters():
                p -= 0.1 * p.grad
                p.grad = None


model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=1e20)
thread = threading.Thread(target=other)
for step in range(6):
    loss = model(data).square().mean()
    if step == 1:
        thread.start()
        thread.join()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, repr(loss.item()))
fingerprint(model, side)
