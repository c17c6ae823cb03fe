"""next(iter(loader)) at every step: always the first batch."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SLUG = "repeated-batch"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(400, 6)
    y = (x[:, 0] + x[:, 1] > 0).long()
    loader = DataLoader(TensorDataset(x, y), batch_size=16)
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    batches = iter(loader)
    for _ in range(60):
        if repaired:
            inputs, targets = next(batches, None) or next(batches := iter(loader))
        else:
            inputs, targets = next(iter(loader))  # FAULT
        loss = nn.functional.cross_entropy(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
