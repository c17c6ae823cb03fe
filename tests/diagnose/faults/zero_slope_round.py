"""Predictions are rounded before they are compared.

Reported at https://discuss.pytorch.org/t/torch-round-gradient/28628/4
"""

import torch
from torch import nn

SLUG = "zero-slope"


class Counter(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.hidden, self.out = nn.Linear(5, 20), nn.Linear(20, 1)
        self.repaired = repaired

    def forward(self, x):
        x = self.out(torch.tanh(self.hidden(x)))
        return x if self.repaired else torch.round(x)  # FAULT


def train(repaired):
    torch.manual_seed(0)
    x = torch.randint(0, 2, (120, 5)).float()
    y = x.sum(1, keepdim=True)
    model = Counter(repaired)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(100):
        for part in torch.arange(120).split(40):
            loss = nn.functional.l1_loss(model(x[part]), y[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
