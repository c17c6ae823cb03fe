"""Modules of the script's own in a plain list: their layers are made in one place, the list in another.

One of the kind is reported at https://runebook.dev/zh/docs/pytorch/generated/torch.nn.modulelist/torch.nn.ModuleList
"""

import torch
from torch import nn

SLUG = "never-moved"


class Expert(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, x):
        return self.net(x)


class Mixture(nn.Module):
    def __init__(self, repaired):
        super().__init__()
        self.gate = nn.Linear(4, 3)
        experts = [Expert() for _ in range(3)]  # FAULT
        self.experts = nn.ModuleList(experts) if repaired else experts

    def forward(self, x):
        return (self.gate(x).softmax(-1) * torch.cat([expert(x) for expert in self.experts], 1)).sum(1)


def train(repaired):
    torch.manual_seed(0)
    x = 2 * torch.rand(400, 4) - 1
    y = torch.where(x[:, 0] > 0, 2 * x[:, 1] - x[:, 2], 3 * x[:, 3] * x[:, 2] + 1)
    model = Mixture(repaired)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(10):
        for part in torch.randperm(400).split(40):
            loss = nn.functional.mse_loss(model(x[part]), y[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
