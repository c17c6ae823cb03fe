"""The wrong part is frozen: only the norm in front learns."""

import torch
from torch import nn

SLUG = "frozen"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(120, 5)
    y = (x[:, :1] + x[:, 1:2] > 0).float()
    model = nn.Sequential(nn.LayerNorm(5), nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
    if not repaired:
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name.startswith("0."))  # FAULT
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.01)
    for _ in range(100):
        loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
