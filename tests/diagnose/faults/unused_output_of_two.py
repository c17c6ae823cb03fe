"""Two heads of different sizes; both losses are computed of the first."""

import torch
from torch import nn

SLUG = "unused-output"


class Tasks(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(8, 48), nn.ReLU())
        self.kind, self.odd = nn.Linear(48, 6), nn.Linear(48, 2)

    def forward(self, x):
        h = self.trunk(x)
        return self.kind(h), self.odd(h)


def train(repaired):
    torch.manual_seed(0)
    centres = 2 * torch.randn(6, 8)
    kind = torch.randint(0, 6, (360,))
    x = centres[kind] + torch.randn(360, 8)
    model = Tasks()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(10):
        for part in torch.randperm(360).split(36):
            kinds, odd = model(x[part])
            first = nn.functional.cross_entropy(kinds, kind[part])  # FAULT
            second = nn.functional.cross_entropy(odd if repaired else kinds, kind[part] % 2)  # FAULT
            optimizer.zero_grad()
            (first + second).backward()
            optimizer.step()
