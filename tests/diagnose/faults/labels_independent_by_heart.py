"""Labels joined by the wrong order, of so few samples that some are learnt by heart."""

import torch
from torch import nn

SLUG = "labels-independent"


def train(repaired):
    torch.manual_seed(1)
    centres = 2 * torch.randn(3, 10)
    kinds = torch.randint(0, 3, (140,))
    x = centres[kinds] + torch.randn(140, 10)
    ids = torch.randperm(140)
    order = torch.argsort(ids) if repaired else torch.argsort(torch.argsort(ids))
    y = kinds[ids][order]
    model = nn.Sequential(nn.Linear(10, 16), nn.GELU(), nn.Linear(16, 3))
    optimizer = torch.optim.Adagrad(model.parameters(), lr=0.05)
    for _ in range(50):
        for part in torch.randperm(140).split(28):
            loss = nn.functional.cross_entropy(model(x[part]), y[part])  # FAULT
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
