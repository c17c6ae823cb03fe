"""Images that are normalised twice: an offset of −2 and a spread of some hundredths."""

import torch
from torch import nn

SLUG = "unscaled-inputs"


class Net(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(48, 24), nn.Tanh(), nn.Linear(24, 2))
        self.repaired = repaired

    def forward(self, x):
        if not self.repaired:
            x = (x / 255 - 0.5) / 0.25  # the data set has done it
        return self.body(x)  # FAULT


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 2, (128,))
    images = 100 + 40 * torch.randn(128, 3, 4, 4) + 30 * (y[:, None, None, None] - 0.5)
    x = (images / 255 - 0.4) / 0.16
    model = Net(repaired)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(120):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
