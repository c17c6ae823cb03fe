"""torch.func: gradients of a functional call, of each sample by vmap, and a module called with other weights."""

import torch
from fingerprint import fingerprint
from torch import nn
from torch.func import functional_call, grad, grad_and_value, vmap

torch.manual_seed(36)
x, y = torch.randn(8, 3), torch.randn(8, 1)
model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


def size_of(weights, row):
    return functional_call(model, weights, (row,)).square().sum()


def loss_of(weights, x, y):
    return nn.functional.mse_loss(functional_call(model, weights, (x,)), y)


for step in range(4):
    weights = {name: p.detach() for name, p in model.named_parameters()}
    gradients, value = grad_and_value(loss_of)(weights, x, y)
    each = vmap(grad(loss_of), in_dims=(None, 0, 0))(weights, x, y)
    optimizer.zero_grad()
    shifted = {name: 1.01 * p + 0.01 * gradients[name] for name, p in model.named_parameters()}
    loss = loss_of(shifted, x, y) + vmap(size_of, in_dims=(None, 0))(shifted, x).mean()
    loss.backward()
    for name, p in model.named_parameters():
        p.grad += 0.1 * each[name].mean(0)
    optimizer.step()
    print(step, repr(value.item()), repr(loss.item()))
fingerprint(model)
