"""u′ = −3u + cos 4t by a network that has no bend: u′ is one number, at every t."""

import torch
from torch import nn

SLUG = "linear-stack"


class Solution(nn.Module):
    def __init__(self, bend):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(1, 32), nn.Linear(32, 32)])  # FAULT
        self.bend, self.out = bend, nn.Linear(32, 1)

    def forward(self, t):
        for layer in self.layers:
            t = self.bend(layer(t))  # FAULT
        return self.out(t)


def train(repaired):
    torch.manual_seed(0)
    model = Solution(nn.Tanh() if repaired else nn.Identity())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(200):
        t = (2 * torch.rand(64, 1)).requires_grad_()
        u = model(t)
        (slope,) = torch.autograd.grad(u.sum(), t, create_graph=True)
        begins = model(torch.zeros(1, 1)) - 1
        loss = (slope + 3 * u - torch.cos(4 * t)).square().mean() + 10 * begins.square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
