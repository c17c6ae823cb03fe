"""The new head is frozen with the body that was trained before: only a scale is left to learn."""

import torch
from torch import nn

SLUG = "frozen"


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Sequential(nn.Linear(8, 32), nn.ReLU()), nn.Linear(32, 4)
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return self.scale * self.head(self.body(x))


def fit(model, x, y, steps):
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.01)
    for _ in range(steps):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def train(repaired):
    torch.manual_seed(0)
    centres = 2 * torch.randn(4, 8)
    y = torch.randint(0, 4, (160,))
    x, model = centres[y] + 0.5 * torch.randn(160, 8), Scaled()
    fit(model, x, y, 60)
    nn.init.normal_(model.head.weight, std=0.02)
    for name, parameter in model.named_parameters():
        if name.startswith("body") or not repaired:
            parameter.requires_grad = name == "scale"  # FAULT
    fit(model, x, (y + 1) % 4, 150)
