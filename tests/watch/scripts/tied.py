"""An autoencoder whose decoder is the transposed encoder, and two modules that share one weight."""

import torch
from fingerprint import fingerprint
from torch import nn


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(6, 6)
        self.again = nn.Linear(6, 6, bias=False)
        self.again.weight = self.inner.weight
        self.code = nn.Parameter(torch.randn(3, 6) * 0.3)

    def forward(self, x):
        x = torch.relu(self.again(torch.relu(self.inner(x))))
        return torch.tanh(x @ self.code.t()) @ self.code


torch.manual_seed(12)
x = torch.randn(10, 6)
model = Tied()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.01)
for step in range(5):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), x)
    loss.backward()
    optimizer.step()
    print(step, repr(loss.item()))
fingerprint(model)
