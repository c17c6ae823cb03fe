"""Adam with a rate of 0.3: the first step moves each weight by more than its size, and nothing comes back."""

import torch
from torch import nn

SLUG = "rate-too-high"


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.into = nn.Linear(3, 16)
        layer = nn.TransformerEncoderLayer(16, 2, dim_feedforward=32, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.out = nn.Linear(16, 4)

    def forward(self, x):
        return self.out(self.encoder(self.into(x)).mean(1))


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 4, (320,))
    t = torch.linspace(0, 1, 8)
    wave = torch.sin(6.28 * (y[:, None] + 1) * t + torch.rand(320, 1))
    x = torch.stack([wave, wave.roll(1, 1), wave.abs()], -1) + 0.1 * torch.randn(320, 8, 3)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003 if repaired else 0.3)  # FAULT
    for _ in range(10):
        for rows in torch.randperm(320).split(40):
            loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
