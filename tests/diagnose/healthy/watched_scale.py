"""A learned scale whose number is printed in each step, weights that are clipped through .data, a slow copy."""

import copy

import torch
from torch import nn


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 1)
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return torch.tanh(self.body(x)) * self.scale


def train():
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    y = 3 * torch.tanh(x[:, :1])
    model = Scaled()
    slow = copy.deepcopy(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    seen = []
    for _ in range(150):
        seen.append(model.scale.item())
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        model.scale.data.clamp_(min=0.1)
        with torch.no_grad():
            for w, s in zip(model.parameters(), slow.parameters(), strict=True):
                s.lerp_(w.detach(), 0.05)
