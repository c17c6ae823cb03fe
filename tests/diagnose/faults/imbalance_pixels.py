"""Small bright spots in images: nearly all pixels are background, and so are all answers.

Reported at https://github.com/dmlc/gluon-cv/issues/644
"""

import torch
from torch import nn

SLUG = "imbalance"


def images(count):
    y = torch.zeros(count, 12, 12).long()
    for mask in y:
        i, j = torch.randint(0, 11, (2,)).tolist()
        mask[i : i + 2, j : j + 2] = 1
    return 0.3 * torch.randn(count, 1, 12, 12) + y[:, None], y


def train(repaired):
    torch.manual_seed(0)
    x, y = images(96)
    model = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 2, 1))
    loss_fn = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 30.0]) if repaired else None)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(15):
        for rows in torch.randperm(96).split(16):
            loss = loss_fn(model(x[rows]), y[rows])  # FAULT
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
