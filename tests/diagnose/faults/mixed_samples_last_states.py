"""The last states of both directions, (2, samples, units), put side by side with a view."""

import torch
from torch import nn

SLUG = "mixed-samples"


class Reader(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.read = nn.GRU(3, 12, bidirectional=True, batch_first=True)
        self.out = nn.Linear(24, 1)
        self.repaired = repaired

    def forward(self, x):
        _, h = self.read(x)
        h = h.transpose(0, 1).reshape(len(x), -1) if self.repaired else h.view(len(x), -1)  # FAULT
        return self.out(h)[:, 0]


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(256, 5, 3)
    y = x[:, :, 0].sum(1)
    model = Reader(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(20):
        for rows in torch.randperm(256).split(32):
            loss = nn.functional.mse_loss(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
