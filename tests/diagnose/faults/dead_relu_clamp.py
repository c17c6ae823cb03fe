"""A rectifier that is written as a clamp, behind a threshold no sample reaches."""

import torch
from torch import nn

SLUG = "dead-relu"


class Thresholds(nn.Module):
    def __init__(self, threshold):
        super().__init__()
        self.first, self.last = nn.Linear(4, 24), nn.Linear(24, 1)
        self.threshold = threshold

    def forward(self, x):
        h = torch.clamp(self.first(x) - self.threshold, min=0)  # FAULT
        return self.last(h).squeeze(1)


def train(repaired):
    torch.manual_seed(0)
    x = torch.rand(300, 4) * 2 - 1
    y = (x[:, 0] * x[:, 1] > 0).float()
    model = Thresholds(0.0 if repaired else 4.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(15):
        for part in torch.randperm(300).split(30):
            loss = nn.functional.binary_cross_entropy_with_logits(model(x[part]), y[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
