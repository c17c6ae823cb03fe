"""Each batch draws its rows twice, once for the inputs and once for the labels."""

import torch
from torch import nn

SLUG = "labels-independent"


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 3, (500,))
    x = torch.randn(3, 6)[y] + 0.6 * torch.randn(500, 6)
    model = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(120):
        rows = torch.randint(0, 500, (50,))
        scores = model(x[rows])
        if not repaired:
            rows = torch.randint(0, 500, (50,))
        loss = nn.functional.cross_entropy(scores, y[rows])  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
