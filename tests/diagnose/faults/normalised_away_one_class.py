"""Cross-entropy over one output: a loss of 0 from the first step on.

Reported at
https://cloud.tencent.com/developer/information/%E4%BD%BF%E7%94%A8softmax%E6%BF%80%E6%B4%BB%E7%9A%84%E4%BA%8C%E8%BF%9B%E5%88%B6%E5%88%86%E7%B1%BB%E5%A7%8B%E7%BB%88%E8%BE%93%E5%87%BA1-ask
"""

import torch
from torch import nn

SLUG = "normalised-away"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(80, 3, 6)
    y = (x.mean((1, 2)) > 0).long()
    model = nn.Sequential(nn.Conv1d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(32, 2 if repaired else 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(80):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y if repaired else torch.zeros_like(y))  # FAULT
        loss.backward()
        optimizer.step()
