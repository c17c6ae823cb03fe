"""A ReLU behind the last layer, half of the targets below zero.

Reported at https://github.com/ProteomicsML/ProteomicsML/pull/203
"""

import torch
from torch import nn

SLUG = "output-range"


class Forecast(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.rnn, self.out = nn.RNN(1, 12, batch_first=True), nn.Linear(12, 1)
        self.repaired = repaired

    def forward(self, x):
        x = self.out(self.rnn(x)[0][:, -1])
        return x if self.repaired else torch.relu(x)  # FAULT


def train(repaired):
    torch.manual_seed(1)
    start = torch.rand(64, 1) * 6
    wave = torch.sin(start + torch.arange(9) * 0.5)
    x, y = wave[:, :8, None], wave[:, 8:]
    model = Forecast(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(120):
        loss = (model(x) - y).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
