"""The best weights so far are loaded in front of every step, and are never more than the first ones."""

import copy

import torch
from torch import nn

SLUG = "undone-updates"


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(400, 8)
    y = (x[:, 0] + x[:, 1] * x[:, 2] > 0).float()[:, None]
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
    best, least = copy.deepcopy(model.state_dict()), 0.0 if not repaired else float("inf")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(150):
        rows = torch.randint(0, 400, (64,))
        loss = nn.functional.binary_cross_entropy_with_logits(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if loss.item() < least:
            least, best = loss.item(), copy.deepcopy(model.state_dict())
        elif not repaired:
            model.load_state_dict(best)  # FAULT
