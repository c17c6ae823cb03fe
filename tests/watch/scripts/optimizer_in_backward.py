"""An optimizer for every parameter that steps inside the backward pass, as in torch's memory-saving tutorial."""

import torch
from fingerprint import fingerprint
from torch import nn

torch.manual_seed(29)
x, y = torch.randn(8, 3), torch.randn(8, 1)
model = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 1))
optimizers = {p: torch.optim.Adam([p], foreach=False) for p in model.parameters()}


def update(parameter):
    optimizers[parameter].step()
    optimizers[parameter].zero_grad()


for parameter in model.parameters():
    parameter.register_post_accumulate_grad_hook(update)
for step in range(5):
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    print(step, repr(loss.item()))
fingerprint(model)
