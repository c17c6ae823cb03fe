"""A network that is in evaluation mode from the first step on."""

import torch
from torch import nn

SLUG = "eval-mode"


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.out = nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6), nn.Linear(96, 1)

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x)))  # FAULT
        return self.out(x.flatten(1))


def train(repaired):
    torch.manual_seed(0)
    x = 30 * torch.randn(64, 1, 6, 6)
    y = x[:, :, :3].mean((2, 3)) / 30
    model = Net()
    if not repaired:
        model.eval()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(80):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
