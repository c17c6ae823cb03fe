"""The next symbol from the last one alone: the series has no more memory than that."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    follows = torch.softmax(2 * torch.randn(8, 8), 1)
    series = torch.randint(0, 8, (64, 1))
    for _ in range(12):
        series = torch.cat([series, torch.multinomial(follows[series[:, -1]], 1)], 1)
    ids, y = series[:, :-1], series[:, 1:]
    model = nn.Embedding(8, 8)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(200):
        loss = nn.functional.cross_entropy(model(ids).view(-1, 8), y.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
