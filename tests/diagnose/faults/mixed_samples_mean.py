"""What was to be the mean over time is that over the batch, and is handed out to all of it."""

import torch
from torch import nn

SLUG = "mixed-samples"


class Activity(nn.Module):
    def __init__(self, axis):
        super().__init__()
        self.first, self.head, self.axis = nn.Linear(3, 32), nn.Linear(32, 3), axis

    def forward(self, x):
        h = torch.relu(self.first(x))
        h = h.mean(self.axis, keepdim=True)  # FAULT
        return self.head(h.amax(1).expand(len(x), -1))


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 3, (400,))
    time = torch.arange(20.0)
    waves = torch.sin(torch.tensor([0.3, 0.8, 1.5])[y][:, None] * time + 6.3 * torch.rand(400, 1))
    x = torch.stack([waves, waves.roll(1, 1), waves.abs()], 2) + 0.1 * torch.randn(400, 20, 3)
    x = x + y[:, None, None] * torch.tensor([0.5, 0.0, -0.5])
    model = Activity(1 if repaired else 0)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        rows = torch.randint(0, 400, (48,))
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
