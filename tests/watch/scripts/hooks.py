"""Hooks that look at and change gradients: on results, on leaves, on modules; hooks after accumulation."""

import torch
from fingerprint import fingerprint
from torch import nn


def halve(parameter):
    parameter.grad.mul_(0.5)


torch.manual_seed(20)
x, y = torch.randn(8, 4), torch.randn(8, 1)
model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 6), nn.Sigmoid(), nn.Linear(6, 1))
seen = []
model[2].register_full_backward_hook(lambda module, into, out: seen.append(out[0].norm().item()))
model[4].register_full_backward_pre_hook(lambda module, out: (out[0] * 0.9,))
model[0].weight.register_hook(lambda g: g.clamp(-0.05, 0.05))
model[0].bias.register_post_accumulate_grad_hook(halve)
model[1].register_forward_hook(lambda module, into, out: out * 1.01)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(5):
    hidden = model[1](model[0](x))
    hidden.register_hook(lambda g: 2 * g)
    loss = nn.functional.mse_loss(model[4](model[3](model[2](hidden))), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, repr(loss.item()), seen[-1])
fingerprint(model)
