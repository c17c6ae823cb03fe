"""Ten sigmoids in a row, and plain SGD.

Reported at https://www.mohdvasim.com/blog/deep-learning/03-activations/01-vanishing-gradient
"""

import torch
from torch import nn

SLUG = "vanishing"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(100, 3)
    y = x[:, :1] - x[:, 1:2]
    bend = nn.ReLU if repaired else nn.Sigmoid
    layers = [part for _ in range(3 if repaired else 9) for part in (nn.Linear(16, 16), bend())]
    model = nn.Sequential(nn.Linear(3, 16), bend(), *layers, nn.Linear(16, 1))  # FAULT
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(150):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
