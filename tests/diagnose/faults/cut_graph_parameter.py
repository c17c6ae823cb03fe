"""A learned scale enters the forward as a Python number: the optimizer has it, and it never moves."""

import torch
from torch import nn

SLUG = "cut-graph"


class Scaled(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1), nn.Tanh())
        self.scale = nn.Parameter(torch.ones(1))
        self.repaired = repaired

    def forward(self, x):
        if self.repaired:
            return self.body(x) * self.scale
        return self.body(x) * self.scale.item()  # FAULT


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    y = 5 * torch.sin(x[:, :1])
    model = Scaled(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
