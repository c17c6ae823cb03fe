"""What each input does to the answers of a network that is not trained: gradients of its weights come along."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 3))
    for _ in range(20):
        x = torch.randn(8, 5, requires_grad=True)
        model(x)[:, 0].sum().backward()
        model.zero_grad()
