"""Attention scores of (samples, queries, keys) with a softmax over the samples."""

import torch
from torch import nn

SLUG = "softmax-over-samples"


class Attention(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.table = nn.Embedding(8, 24)
        self.places = nn.Parameter(0.5 * torch.randn(6, 24))
        self.q, self.k, self.v, self.out = (nn.Linear(24, n) for n in (24, 24, 24, 8))
        self.repaired = repaired

    def forward(self, ids):
        h = self.table(ids) + self.places
        scores = self.q(h) @ self.k(h).transpose(1, 2) / 24**0.5
        weights = torch.softmax(scores, dim=-1 if self.repaired else 0)  # FAULT
        return self.out(weights @ self.v(h))


def train(repaired):
    torch.manual_seed(0)
    model = Attention(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(300):
        ids = torch.randint(0, 8, (32, 6))
        loss = nn.functional.cross_entropy(model(ids).reshape(-1, 8), ids.flip(1).reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
