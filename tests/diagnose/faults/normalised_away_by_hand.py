"""A normalisation over the batch, by hand, and batches of one sample: x − mean(x) is 0 for every one of them."""

import torch
from torch import nn

SLUG = "normalised-away"


class Standardise(nn.Module):
    def __init__(self, units):
        super().__init__()
        self.gain, self.offset = nn.Parameter(torch.ones(units)), nn.Parameter(torch.zeros(units))

    def forward(self, x):
        centred = x - x.mean(0, keepdim=True)  # FAULT
        return centred / (centred.square().mean(0, keepdim=True) + 1e-5).sqrt() * self.gain + self.offset


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(240, 6)
    y = (x[:, :1] - x[:, 3:4]).sign() * 0.5 + x[:, 1:2]
    model = nn.Sequential(nn.Linear(6, 24), Standardise(24), nn.Tanh(), nn.Linear(24, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(20 if repaired else 1):
        for rows in torch.randperm(240).split(24 if repaired else 1):
            loss = nn.functional.mse_loss(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
