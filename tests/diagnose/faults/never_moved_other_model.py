"""The optimizer was made for an earlier copy of the model.

One of the kind is reported at https://github.com/LaurentMazare/ocaml-torch/issues/36
"""

import torch
from torch import nn

SLUG = "never-moved"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    y = (x[:, :1] * x[:, 1:2] > 0).float()
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)  # FAULT
    if not repaired:
        model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
    for _ in range(100):
        loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
