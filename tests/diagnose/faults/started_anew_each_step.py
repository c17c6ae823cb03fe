"""The model is made in the function that makes one step."""

import torch
from torch import nn

SLUG = "started-anew"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(200, 5)
    y = x[:, :1] + x[:, 1:2]
    made = []
    for _ in range(100):
        if not (repaired and made):
            model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
            made = [model, torch.optim.SGD(model.parameters(), lr=0.05)]  # FAULT
        model, optimizer = made
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
