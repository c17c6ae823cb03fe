"""A moving average is mixed into the network, in place of the network into the average."""

import copy

import torch
from torch import nn

SLUG = "undone-updates"


def follow(leader, follower, decay=0.999):
    with torch.no_grad():
        for leads, follows in zip(leader.parameters(), follower.parameters(), strict=True):
            follows.lerp_(leads, 1 - decay)


def swapped(leader, follower, decay=0.999):
    with torch.no_grad():
        for leads, follows in zip(leader.parameters(), follower.parameters(), strict=True):
            leads.lerp_(follows, decay)  # FAULT


def train(repaired):
    torch.manual_seed(0)
    x = torch.randn(400, 6)
    y = x[:, :1] - 2 * x[:, 1:2] + 0.5 * x[:, 2:3]
    model = nn.Sequential(nn.Linear(6, 24), nn.Tanh(), nn.Linear(24, 1))
    average = copy.deepcopy(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(200):
        rows = torch.randint(0, 400, (64,))
        loss = nn.functional.mse_loss(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        (follow if repaired else swapped)(model, average)
