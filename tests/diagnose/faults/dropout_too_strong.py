"""p taken for the share that is kept.

Reported at https://github.com/piergiaj/pytorch-i3d/issues/58
"""

import torch
from torch import nn

SLUG = "dropout-too-strong"


class Net(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.first, self.second = nn.Linear(4, 12), nn.Linear(12, 1)
        self.drop = nn.Dropout(0.1 if repaired else 0.95)  # FAULT

    def forward(self, x):
        return self.second(self.drop(torch.relu(self.first(x))))


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(100, 4)
    y = x[:, :1] - 2 * x[:, 1:2]
    model = Net(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
