"""Two symbols, whether they are of one kind; a linear layer on their embeddings can only add what each says."""

import torch
from torch import nn

SLUG = "not-separable"


def train(repaired):
    torch.manual_seed(0)
    ids = torch.randint(0, 4, (128, 2))
    y = ((ids[:, 0] > 1) != (ids[:, 1] > 1)).long()
    last = [nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 2)] if repaired else [nn.Linear(16, 2)]  # FAULT
    model = nn.Sequential(nn.Embedding(4, 8), nn.Flatten(), *last)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(200):
        loss = nn.functional.cross_entropy(model(ids), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
