"""Runs to be shown: recorded once, in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from chainrule.api import watch

XOR = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TARGET = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
Problem = tuple[nn.Module, torch.Tensor, torch.Tensor, nn.Module]


class Translator(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 16)
        self.encoder = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, dropout=0.0)
        self.head = nn.Linear(16, 11)

    def forward(self, tokens):
        return self.head(self.encoder(self.embedding(tokens))).transpose(1, 2)


def tutorial() -> Problem:
    return nn.Sequential(nn.Linear(2, 1), nn.Sigmoid()), XOR, TARGET, nn.MSELoss()


def two_eight_one() -> Problem:
    model = nn.Sequential(nn.Linear(2, 8), nn.Sigmoid(), nn.Linear(8, 1), nn.Sigmoid())
    return model, XOR, TARGET, nn.MSELoss()


def digits() -> Problem:
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    return model, torch.rand(32, 64), torch.randint(0, 10, (32,)), nn.CrossEntropyLoss()


def images() -> Problem:
    layers = nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2)
    model = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.1), nn.Linear(64, 10))
    return model, torch.rand(8, 1, 8, 8), torch.randint(0, 10, (8,)), nn.CrossEntropyLoss()


def translation() -> Problem:
    return Translator(), torch.randint(0, 11, (4, 6)), torch.randint(0, 11, (4, 6)), nn.CrossEntropyLoss()


PROBLEMS: dict[str, Callable[[], Problem]] = {
    made.__name__: made for made in (tutorial, two_eight_one, digits, images, translation)
}


def record(made: Callable[[], Problem], path: Path, steps: int = 40) -> Path:
    torch.manual_seed(0)
    model, x, y, loss_fn = made()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    with watch(path):
        for _ in range(steps):
            optimizer.zero_grad()
            loss_fn(model(x), y).backward()
            optimizer.step()
    return path
