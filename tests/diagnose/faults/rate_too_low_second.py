"""A pre-training that goes well, and a second training of another head with a rate far too small.

One of the kind is reported at https://github.com/a7b23/Distilling-the-knowledge-in-neural-network/issues/1
"""

import torch
from torch import nn
from torch.nn import functional as F

SLUG = "rate-too-low"


def fit(parameters, predict, x, y, rate, steps):
    optimizer = torch.optim.Adam(parameters, lr=rate)  # FAULT
    for _ in range(steps):
        loss = F.mse_loss(predict(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(128, 6)
    body, decoder, head = nn.Sequential(nn.Linear(6, 24), nn.Tanh()), nn.Linear(24, 6), nn.Linear(24, 1)
    fit([*body.parameters(), *decoder.parameters()], lambda x: decoder(body(x)), x, x, 0.02, 150)
    body.requires_grad_(False)
    y = (x[:, :2].sum(1, keepdim=True) - x[:, 2:3]) * 2
    fit(head.parameters(), lambda x: head(body(x)), x, y, 0.02 if repaired else 2e-6, 200)
