"""Everything in float64, with LBFGS."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    x = torch.randn(80, 3, dtype=torch.float64)
    y = x @ torch.tensor([[1.0], [2.0], [-1.0]], dtype=torch.float64)
    model = nn.Linear(3, 1).double()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        return loss

    for _ in range(20):
        optimizer.step(closure)
