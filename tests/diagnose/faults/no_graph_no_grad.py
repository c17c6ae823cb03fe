"""The forward pass under no_grad, copied from the evaluation."""

import torch
from torch import nn

SLUG = "no-graph"
RAISES = RuntimeError


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    y = (x[:, :1] * x[:, 1:2] > 0).float()
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(100):
        with torch.set_grad_enabled(repaired):  # FAULT
            prediction = model(x)
        loss = nn.functional.binary_cross_entropy_with_logits(prediction, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
