"""Data sorted by class, and a loader that does not shuffle.

Reported at https://github.com/happynear/NormFace/issues/4
"""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SLUG = "sorted-batches"


def train(repaired):
    torch.manual_seed(0)
    y = torch.arange(4).repeat_interleave(40)
    x = torch.randn(160, 4) + 2 * torch.eye(4)[y]
    loader = DataLoader(TensorDataset(x, y), batch_size=20, shuffle=repaired)
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(12):
        for a, b in loader:
            loss = nn.functional.cross_entropy(model(a), b)  # FAULT
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
