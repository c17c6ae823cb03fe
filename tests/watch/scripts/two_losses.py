"""Two losses over one graph with retain_graph, and a backward from two roots at once."""

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(25)
x, y = torch.randn(8, 3), torch.randn(8, 2)
trunk, head = nn.Sequential(nn.Linear(3, 5), nn.ReLU()), nn.Linear(5, 2)
optimizer = torch.optim.SGD([*trunk.parameters(), *head.parameters()], lr=0.05)
for step in range(5):
    hidden = trunk(x)
    out = head(hidden)
    first, second = nn.functional.mse_loss(out, y), hidden.abs().mean()
    optimizer.zero_grad()
    first.backward(retain_graph=True)
    second.backward(retain_graph=True)
    torch.autograd.backward([out.sum(), hidden], [torch.tensor(0.01), 0.01 * torch.ones_like(hidden)])
    optimizer.step()
    print(step, repr(first.item()), repr(second.item()))
fingerprint(trunk, head)
