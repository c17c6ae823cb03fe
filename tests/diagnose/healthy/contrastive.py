"""Pairs that find each other: a softmax over the batch, in both directions, is meant."""

import torch
from torch import nn


def train():
    torch.manual_seed(0)
    left, right = nn.Linear(6, 8), nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 8))
    optimizer = torch.optim.Adam([*left.parameters(), *right.parameters()], lr=0.01)
    for _ in range(80):
        thing = torch.randn(24, 4)
        picture, text = torch.cat([thing, torch.randn(24, 2)], 1), thing + 0.1 * torch.randn(24, 4)
        similar = nn.functional.normalize(left(picture), dim=1) @ nn.functional.normalize(right(text), dim=1).T * 8
        rows, columns = similar.log_softmax(dim=1), similar.log_softmax(dim=0)
        loss = -(rows.diagonal().mean() + columns.diagonal().mean()) / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
