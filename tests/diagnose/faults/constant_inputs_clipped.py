"""Images as bytes, divided by 255 as integers: all of them are 0."""

import torch
from torch import nn

SLUG = "constant-inputs"


def train(repaired):
    torch.manual_seed(0)
    y = torch.randint(0, 2, (64,))
    images = (torch.rand(64, 1, 6, 6) * 120 + 100 * y[:, None, None, None]).byte()
    x = images / 255 if repaired else torch.div(images, 255, rounding_mode="floor").float()
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(100):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)  # FAULT
        loss.backward()
        optimizer.step()
