"""The optimizer steps only when the loss has improved, and each batch clears what the one before brought."""

import torch
from torch import nn

SLUG = "discarded-gradients"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(256, 4)
    y = (x[:, :1] * x[:, 1:2] > 0).float()
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    best = float("inf")
    for _ in range(200):
        batch = torch.randint(0, 256, (16,))
        loss = nn.functional.binary_cross_entropy_with_logits(model(x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        if repaired or loss.item() < best:
            best = min(best, loss.item())
            optimizer.step()  # FAULT
