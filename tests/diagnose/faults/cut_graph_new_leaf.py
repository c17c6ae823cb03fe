"""The loss is made a tensor anew before backward()."""

import torch
from torch import nn

SLUG = "cut-graph"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(80, 4)
    y = (x[:, 0] + x[:, 1] > 0).long()
    model = nn.Sequential(nn.Linear(4, 20), nn.ReLU(), nn.Linear(20, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(100):
        logs = torch.log_softmax(model(x), dim=1)
        loss = -0.95 * logs[torch.arange(80), y].mean() - 0.05 * logs.mean()
        if not repaired:
            loss = torch.tensor(loss, requires_grad=True)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
