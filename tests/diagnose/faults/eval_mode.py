"""The network is switched to evaluation, and back never.

Reported at https://github.com/fartashf/vsepp/issues/4
"""

import torch
from torch import nn

SLUG = "eval-mode"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(120, 6)
    y = (x[:, :2].sum(1) > 0).long()
    model = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(15):
        if repaired:
            model.train()
        for part in torch.randperm(120).split(30):
            loss = nn.functional.cross_entropy(model(x[part]), y[part])  # FAULT
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            model(x)
