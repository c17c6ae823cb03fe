"""A cosine similarity is descended, where it was to rise."""

import torch
from torch import nn

SLUG = "flipped-sign"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(200, 6)
    wanted = x @ torch.randn(6, 5)
    model = nn.Sequential(nn.Linear(6, 32), nn.GELU(), nn.Linear(32, 5))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(100):
        similar = nn.functional.cosine_similarity(model(x), wanted, dim=-1).mean()  # FAULT
        loss = 1 - similar if repaired else similar
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
