"""In-place writes, on views too, before and after the numbers were used."""

import torch
from fingerprint import fingerprint

torch.manual_seed(28)
w = torch.randn(4, 4, requires_grad=True)
b = torch.randn(4, requires_grad=True)
optimizer = torch.optim.SGD([w, b], lr=0.05)
buffer = torch.zeros(4, 4)
for step in range(5):
    out = w * 1.5
    out[0] = out[1] * 2
    out[:, 2].mul_(0.5)
    out.t()[1].add_(b)
    row = out[3]
    row += b
    out.diagonal().sigmoid_()
    memory = buffer.clone()
    memory[:2] = out[2:]
    memory.narrow(1, 0, 2).copy_(b.view(2, 2).repeat(2, 1))
    loss = (out.relu() + memory.tanh_()).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    buffer.add_(w.detach())
    print(step, repr(loss.item()))
fingerprint(w, b, buffer)
