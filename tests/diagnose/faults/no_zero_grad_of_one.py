"""Two optimizers, of which one never clears its gradients."""

import torch
from torch import nn

SLUG = "no-zero-grad"


def train(repaired):
    torch.manual_seed(0)
    x = torch.rand(256, 12) @ torch.rand(12, 12)
    x = (x - x.mean(0)) / x.std(0)
    encoder = nn.Sequential(nn.Linear(12, 16), nn.ReLU(), nn.Linear(16, 6))
    decoder = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 12))
    first = torch.optim.SGD(encoder.parameters(), lr=0.1, momentum=0.9)
    second = torch.optim.SGD(decoder.parameters(), lr=0.1, momentum=0.9)
    for _ in range(80):
        if repaired:
            first.zero_grad()
        second.zero_grad()
        loss = nn.functional.mse_loss(decoder(encoder(x)), x)  # FAULT
        loss.backward()
        first.step()
        second.step()
