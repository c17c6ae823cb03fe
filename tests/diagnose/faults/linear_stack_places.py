"""A network without a bend at each place of a sequence: which points lie in a disc."""

import torch
from torch import nn

SLUG = "linear-stack"


def train(repaired):
    torch.manual_seed(0)
    x = torch.rand(100, 5, 2) * 2 - 1
    y = (x.norm(dim=-1) < 0.75).float()[..., None]
    model = nn.Sequential(nn.Linear(2, 24), nn.Tanh() if repaired else nn.Identity(), nn.Linear(24, 1))  # FAULT
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    for _ in range(200):
        loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
