"""One unit through which eight classes have to pass."""

import torch
from torch import nn

SLUG = "bottleneck"


class Classifier(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        width = 32 if repaired else 1
        self.first, self.narrow, self.out = nn.Linear(8, 32), nn.Linear(32, width), nn.Linear(width, 8)  # FAULT

    def forward(self, x):
        x = torch.relu(self.first(x))
        x = torch.relu(self.narrow(x))
        return self.out(x)


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 8, (160,))
    x = 3 * torch.eye(8)[y] + 0.5 * torch.randn(160, 8)
    model = Classifier(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
