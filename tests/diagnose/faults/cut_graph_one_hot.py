"""Experts are chosen by the largest score: what chooses gets no gradient, and chooses as it was drawn.

One of the kind is reported at https://ai.stackexchange.com/questions/37688/propagating-gradients-through-an-item-selector-network
"""

import torch
from torch import nn
from torch.nn import functional as F

SLUG = "cut-graph"


class Mixture(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.router = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 4))
        self.slopes, self.levels = nn.Parameter(torch.randn(4)), nn.Parameter(torch.randn(4))
        self.repaired = repaired

    def forward(self, kind, x):
        scores = self.router(kind)
        chosen = scores.softmax(-1) if self.repaired else F.one_hot(scores.argmax(-1), 4).float()  # FAULT
        return (chosen * (self.slopes * x + self.levels)).sum(-1)


def train(repaired):
    torch.manual_seed(0)
    number, x = torch.randint(0, 4, (400,)), torch.rand(400, 1) * 2 - 1
    y = torch.tensor([3.0, -3, 1, -1])[number] * x[:, 0] + torch.tensor([2.0, -1, -3, 1])[number]
    kind = F.one_hot(number, 4).float()
    model = Mixture(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    for _ in range(150):
        rows = torch.randint(0, 400, (64,))
        loss = F.mse_loss(model(kind[rows], x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
