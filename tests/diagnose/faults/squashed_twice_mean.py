"""The softmaxes of several heads are averaged, and given to a cross-entropy that takes scores."""

import torch
from torch import nn

SLUG = "squashed-twice"


class Heads(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.heads = nn.ModuleList([nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 5)) for _ in range(3)])
        self.repaired = repaired

    def forward(self, x):
        votes = torch.stack([head(x) for head in self.heads])
        return votes.mean(0) if self.repaired else votes.softmax(-1).mean(0)  # FAULT


def train(repaired):
    torch.manual_seed(0)
    centres = 2 * torch.randn(5, 6)
    y = torch.randint(0, 5, (400,))
    x = centres[y] + torch.randn(400, 6)
    model = Heads(repaired)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(10):
        for part in torch.randperm(400).split(40):
            loss = nn.functional.cross_entropy(model(x[part]), y[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
