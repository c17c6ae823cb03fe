"""Two tables of zeros that are multiplied with each other, beside biases that learn.

One of the kind is reported at https://github.com/yz93/LAVT-RIS/issues/25
"""

import torch
from torch import nn

SLUG = "equal-units"


class Pairs(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.left, self.right = nn.Embedding(30, 6), nn.Embedding(20, 6)
        self.shift = nn.Embedding(30, 1)
        for table in (self.left, self.right):
            nn.init.normal_(table.weight, std=0.2 if repaired else 0.0)  # FAULT

    def forward(self, i, j):
        return (self.left(i) * self.right(j)).sum(1) + self.shift(i)[:, 0]


def train(repaired):
    torch.manual_seed(0)
    true = torch.randn(30, 3) @ torch.randn(3, 20)
    model = Pairs(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(300):
        i, j = torch.randint(0, 30, (64,)), torch.randint(0, 20, (64,))
        loss = nn.functional.mse_loss(model(i, j), true[i, j])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
