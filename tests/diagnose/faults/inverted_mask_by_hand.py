"""Weights by hand: masked_fill where there are words, not where there is padding."""

import torch
from torch import nn

SLUG = "inverted-mask"


class Model(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.embed, self.score, self.out = nn.Embedding(9, 16), nn.Linear(16, 1), nn.Linear(16, 2)
        self.repaired = repaired

    def forward(self, ids):
        h = self.embed(ids)
        score = self.score(h)[..., 0]
        score = score.masked_fill(ids == 0 if self.repaired else ids != 0, -1e9)  # FAULT
        return self.out((score.softmax(1)[..., None] * h).sum(1))


def train(repaired):
    torch.manual_seed(0)
    ids = torch.randint(1, 9, (256, 8))
    lengths = torch.randint(2, 8, (256, 1))
    ids[torch.arange(8) >= lengths] = 0
    y = (ids == 5).any(1).long()
    model = Model(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(12):
        for rows in torch.randperm(256).split(32):
            loss = nn.functional.cross_entropy(model(ids[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
