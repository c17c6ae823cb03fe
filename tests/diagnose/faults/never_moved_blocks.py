"""Convolutions in a plain list: model.parameters() does not know them.

Described at https://www.engineermaxxing.com/micro/lessons/pytorch-internals.html
"""

import torch
from torch import nn

SLUG = "never-moved"


class Blocks(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        blocks = [nn.Conv1d(1 if i == 0 else 6, 6, 3, padding=1) for i in range(4)]  # FAULT
        self.blocks = nn.ModuleList(blocks) if repaired else blocks
        self.out = nn.Linear(6, 2)

    def forward(self, x):
        for block in self.blocks:
            x = torch.relu(block(x))
        return self.out(x.mean(-1))


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 2, (200,))
    x = torch.randn(200, 1, 10) + y[:, None, None]
    model = Blocks(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(60):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
