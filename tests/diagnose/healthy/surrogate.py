"""Designs that make what a second network foresees of them as small as can be."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    designer = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 3))
    surrogate = nn.Sequential(nn.Linear(3, 32), nn.Tanh(), nn.Linear(32, 1))
    of_designer = torch.optim.Adam(designer.parameters(), lr=1e-3)
    of_surrogate = torch.optim.Adam(surrogate.parameters(), lr=3e-3)
    for _ in range(200):
        wanted = torch.randn(32, 2)
        with torch.no_grad():
            design = designer(wanted) + 0.3 * torch.randn(32, 3)
            drag = (design - 0.5).square().sum(1, keepdim=True)
        of_surrogate.zero_grad()
        nn.functional.mse_loss(surrogate(design), drag).backward()
        of_surrogate.step()
        of_designer.zero_grad()
        surrogate(designer(wanted)).mean().backward()
        of_designer.step()
