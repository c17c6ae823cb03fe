"""A sigmoid cell that has to remember the first of forty inputs."""

import torch
from torch import nn

SLUG = "vanishing"


class Memory(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.into, self.again, self.out = nn.Linear(1, 16), nn.Linear(16, 16), nn.Linear(16, 2)
        self.bend = torch.relu if repaired else torch.sigmoid
        if repaired:
            with torch.no_grad():
                self.again.weight.copy_(torch.eye(16))

    def forward(self, x):
        h = torch.zeros(len(x), 16)
        for t in range(x.shape[1]):
            h = self.bend(self.into(x[:, t]) + self.again(h))  # FAULT
        return self.out(h)


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 2, (200,))
    x = 0.05 * torch.randn(200, 40, 1)
    x[:, 0, 0] += 2 * y - 1
    model = Memory(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(80):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
