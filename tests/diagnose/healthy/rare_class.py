"""One sample in twenty is of the rare class; it is learnt all the same, with a weight of its own."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    y = (torch.arange(400) % 20 == 0).long()
    x = torch.randn(400, 4) + 2 * y[:, None]
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
    loss_fn = nn.CrossEntropyLoss(weight=torch.tensor([0.5, 10.0]))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(100):
        loss = loss_fn(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
