"""The experts of a mixture have a rate of 1e-6 in a parameter group of their own, and only the gate moves."""

import torch
from torch import nn

SLUG = "rate-too-low"


def train(repaired):
    torch.manual_seed(26)
    x = 2 * torch.rand(1600, 4) - 1
    region = 2 * (x[:, 0] > 0).long() + (x[:, 1] > 0)
    y = (x * (2 * torch.randn(4, 4))[region]).sum(1)
    experts = nn.ModuleList(nn.Sequential(nn.Linear(4, 32), nn.GELU(), nn.Linear(32, 1)) for _ in range(4))
    gate = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 4))
    slow = {"params": experts.parameters(), "lr": 5e-3 if repaired else 1e-6}
    optimizer = torch.optim.Adam([slow, {"params": gate.parameters(), "lr": 5e-3}])  # FAULT
    for _ in range(250):
        batch = torch.randint(0, 1600, (128,))
        answers = torch.cat([expert(x[batch]) for expert in experts], 1)
        loss = nn.functional.mse_loss((gate(x[batch]).softmax(1) * answers).sum(1), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
