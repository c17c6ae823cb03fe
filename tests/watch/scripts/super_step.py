"""An optimizer whose step() calls the step() of the class above it, of which there was an instance too."""

import torch
from fingerprint import fingerprint
from torch import nn


class Centred(torch.optim.SGD):
    """Takes the mean out of every gradient first."""

    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad -= parameter.grad.mean()
        return super().step(closure)


torch.manual_seed(34)
x, y = torch.randn(16, 3), torch.randn(16, 1)
model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
torch.optim.SGD([torch.zeros(1)], lr=0.1)
optimizer = Centred(model.parameters(), lr=0.1, momentum=0.5)
for step in range(6):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    print(step, repr(loss.item()))
fingerprint(model, optimizer)
