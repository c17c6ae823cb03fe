"""The batch is drawn once, in front of the loop."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SLUG = "repeated-batch"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(300, 1, 8)
    y = x.mean((1, 2)).unsqueeze(1) + 0.01 * torch.randn(300, 1)
    loader = DataLoader(TensorDataset(x, y), batch_size=20, shuffle=True)
    model = nn.Sequential(nn.Conv1d(1, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(24, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    inputs, targets = next(iter(loader))  # FAULT
    for _ in range(60):
        if repaired:
            inputs, targets = next(iter(loader))
        loss = nn.functional.mse_loss(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
