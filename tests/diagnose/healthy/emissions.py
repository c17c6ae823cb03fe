"""A conditional random field by hand: picked scores minus the logarithm of a sum over all ways, which has them too."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    kinds = torch.randint(0, 3, (12,))
    table, head = nn.Embedding(12, 16), nn.Linear(16, 3)
    moves = nn.Parameter(torch.zeros(3, 3))
    optimizer = torch.optim.Adam([*table.parameters(), *head.parameters(), moves], lr=0.02)
    for _ in range(120):
        words = torch.randint(0, 12, (24, 5))
        tags = kinds[words]
        scores = head(table(words))
        way = scores.gather(2, tags.unsqueeze(2)).sum((1, 2)) + moves[tags[:, :-1], tags[:, 1:]].sum(1)
        total = scores[:, 0]
        for place in range(1, 5):
            total = (total.unsqueeze(2) + moves).logsumexp(1) + scores[:, place]
        loss = (total.logsumexp(1) - way).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
