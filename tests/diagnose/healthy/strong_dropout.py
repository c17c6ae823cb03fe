"""Much dropout on a wide layer, and on the embedding of words."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    words = torch.randint(0, 30, (120, 8))
    y = (words < 10).any(1).long()
    bag = nn.EmbeddingBag(30, 32)
    model = nn.Sequential(nn.Linear(32, 256), nn.ReLU(), nn.Dropout(0.8), nn.Linear(256, 2))
    optimizer = torch.optim.Adam([*bag.parameters(), *model.parameters()], lr=0.01)
    for _ in range(100):
        loss = nn.functional.cross_entropy(model(bag(words)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
