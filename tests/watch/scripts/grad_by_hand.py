"""torch.autograd.grad by hand, the gradients then given to the optimizer."""

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(26)
x, y = torch.randn(8, 3), torch.randn(8, 2)
model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))
parameters = list(model.parameters())
optimizer = torch.optim.SGD(parameters, lr=0.1)
for step in range(5):
    loss = nn.functional.mse_loss(model(x), y)
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        parameter.grad = gradient
    optimizer.step()
    print(step, repr(loss.item()))
fingerprint(model)
