"""Two convolutions with nothing between them, on patches that differ from their middle, bright or dark."""

import torch
from torch import nn

SLUG = "linear-stack"


def images(count):
    x, y = torch.zeros(count, 1, 8, 8), torch.randint(0, 2, (count,))
    for image, label in zip(x[:, 0], y, strict=True):
        sign, (i, j) = 1.0 - 2 * int(torch.rand(()) < 0.5), torch.randint(0, 6, (2,)).tolist()
        image[i : i + 3, j : j + 3] = sign
        image[i + 1, j + 1] = -sign if label else sign
    return x + 0.1 * torch.randn_like(x), y


def train(repaired):
    torch.manual_seed(0)
    x, y = images(512)
    bend = nn.ReLU if repaired else nn.Identity
    model = nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), bend(), nn.Conv2d(8, 8, 3, padding=1), bend()),  # FAULT
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2)),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(12):
        for rows in torch.randperm(512).split(64):
            loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
