"""The networks whose pages are tested: one with a single path to every weight, two with sums over many."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from chainrule.api import watch

XOR = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TARGET = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
STEPS = (0, 3, 30)


def one_layer():
    return nn.Sequential(nn.Linear(2, 1), nn.Sigmoid()), XOR, TARGET, nn.MSELoss()


def two_eight_one():
    return nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1)), XOR, TARGET, nn.BCEWithLogitsLoss()


def images():
    """A small convolutional network: moved numbers, a pooling, a softmax."""
    layers = nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 3)
    model = nn.Sequential(*layers, nn.LogSoftmax(1))
    return model, torch.randn(5, 1, 4, 4), torch.tensor([0, 1, 2, 1, 0]), nn.NLLLoss()


def digits():
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    return model, torch.rand(32, 64), torch.randint(0, 10, (32,)), nn.CrossEntropyLoss()


class Block(nn.Module):
    def __init__(self, width=16, heads=2):
        super().__init__()
        self.attention = nn.TransformerEncoderLayer(width, heads, 2 * width, batch_first=True, dropout=0.0)

    def forward(self, x):
        return self.attention(x)


class Transformer(nn.Module):
    def __init__(self, blocks=6):
        super().__init__()
        self.embedding = nn.Embedding(11, 16)
        self.blocks = nn.ModuleList(Block() for _ in range(blocks))
        self.head = nn.Linear(16, 11)

    def forward(self, tokens):
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x)
        return self.head(x).transpose(1, 2)


def transformer():
    return Transformer(), torch.randint(0, 11, (4, 6)), torch.randint(0, 11, (4, 6)), nn.CrossEntropyLoss()


def train(problem, steps: int) -> None:
    torch.manual_seed(0)
    model, x, y, loss_fn = problem()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()


def record(problem, path: Path, steps: int = 40) -> Path:
    with watch(path, steps=[step for step in (*STEPS, 10, 20) if step < steps], check="all"):
        train(problem, steps)
    return path
