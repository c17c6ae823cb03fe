"""An encoder is trained, frozen, and a head behind it; then all of it is tuned with a small rate."""

import torch
from torch import nn
from torch.nn import functional as F


def train():
    torch.manual_seed(0)
    x = torch.randn(160, 8)
    y = (x[:, 0] * x[:, 1] + x[:, 2] > 0).long()
    encoder, decoder, head = nn.Sequential(nn.Linear(8, 32), nn.Tanh()), nn.Linear(32, 8), nn.Linear(32, 2)
    first = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.01)
    for _ in range(150):
        loss = F.mse_loss(decoder(encoder(x)), x)
        first.zero_grad()
        loss.backward()
        first.step()
    encoder.requires_grad_(False)
    second = torch.optim.SGD(head.parameters(), lr=0.5)
    for _ in range(150):
        loss = F.cross_entropy(head(encoder(x)), y)
        second.zero_grad()
        loss.backward()
        second.step()
    encoder.requires_grad_(True)
    third = torch.optim.Adam([*encoder.parameters(), *head.parameters()], lr=2e-3)
    for _ in range(100):
        loss = F.cross_entropy(head(encoder(x)), y)
        third.zero_grad()
        loss.backward()
        third.step()
