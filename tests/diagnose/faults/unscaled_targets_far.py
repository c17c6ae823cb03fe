"""Temperatures in Kelvin for a recurrent network."""

import torch
from torch import nn

SLUG = "unscaled-targets"


class Forecast(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.out = nn.GRU(1, 12, batch_first=True), nn.Linear(12, 1)

    def forward(self, x):
        return self.out(self.rnn(x)[0][:, -1])


def train(repaired):
    torch.manual_seed(0)
    wave = torch.sin(torch.rand(96, 1) * 6 + torch.arange(9) * 0.4)
    x, y = wave[:, :8, None], 288 + 8 * wave[:, 8:]
    if repaired:
        y = (y - 288) / 8
    model = Forecast()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(80):
        for part in torch.randperm(96).split(32):
            loss = nn.functional.l1_loss(model(x[part]), y[part])  # FAULT
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
