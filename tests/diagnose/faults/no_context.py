"""A tagger that sees each word alone, while its tag depends on the word before."""

import torch
from torch import nn

SLUG = "no-context"


class Tagger(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.embed = nn.Embedding(6, 12)
        self.read = nn.GRU(12, 12, batch_first=True) if repaired else nn.Identity()
        self.out = nn.Linear(12, 2)

    def forward(self, ids):
        h = self.read(self.embed(ids))
        return self.out(h[0] if isinstance(h, tuple) else h)  # FAULT


def train(repaired):
    torch.manual_seed(0)
    ids = torch.randint(0, 6, (64, 8))
    before = torch.cat([torch.zeros(64, 1).long(), ids[:, :-1]], 1)
    y = ((ids > 2) != (before > 2)).long()
    model = Tagger(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(200):
        loss = nn.functional.cross_entropy(model(ids).transpose(1, 2), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
