"""A network for each moment of a series, which is to say what comes in the next one's inputs."""

import torch
from torch import nn

SLUG = "no-context"


class Model(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.first = nn.Linear(3, 16)
        self.mix = nn.Conv1d(16, 16, 3, padding=1) if repaired else None
        self.last = nn.Linear(16, 1)

    def forward(self, x):
        h = torch.relu(self.first(x))
        if self.mix is not None:
            h = torch.relu(self.mix(h.transpose(1, 2))).transpose(1, 2)
        return self.last(h)[..., 0]  # FAULT


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(64, 8, 3)
    y = torch.cat([x[:, 1:, 0], torch.zeros(64, 1)], 1)
    model = Model(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(200):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
