"""A recurrence written by hand that takes its state as .data."""

import torch
from torch import nn

SLUG = "hidden-detached"


class Recurrent(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.read, self.keep, self.out = nn.Linear(3, 12), nn.Linear(12, 12), nn.Linear(12, 3)
        self.repaired = repaired

    def forward(self, x):
        h = torch.zeros(len(x), 12)
        for word in x.unbind(1):
            h = torch.tanh(self.read(word) + self.keep(h))  # FAULT
            if not self.repaired:
                h = h.data  # FAULT
        return self.out(torch.tanh(self.read(x[:, -1]) + self.keep(h)))


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 3, (90,))
    x = torch.randn(90, 5, 3) * 0.3
    x[:, 0] += 2 * torch.eye(3)[y]
    model = Recurrent(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(100):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
