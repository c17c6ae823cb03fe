"""Four training steps to measure against: each function returns a step to call again and again."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

Step = Callable[[], None]


def training(model: nn.Module, loss: Callable[[], torch.Tensor], optimizer: torch.optim.Optimizer) -> Step:
    def step() -> None:
        value = loss()
        optimizer.zero_grad()
        value.backward()
        optimizer.step()

    return step


def xor() -> Step:
    """The tutorial's network: one sigmoid layer on XOR, SGD."""
    inputs = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    target = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    model = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
    criterion = nn.MSELoss()
    return training(model, lambda: criterion(model(inputs), target), torch.optim.SGD(model.parameters(), lr=0.1))


def mlp() -> Step:
    """784-128-10, batch 64, Adam."""
    inputs, target = torch.randn(64, 784), torch.randint(0, 10, (64,))
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    return training(model, lambda: F.cross_entropy(model(inputs), target), torch.optim.Adam(model.parameters()))


def cnn() -> Step:
    """545 thousand parameters, 32 pictures of 3×32×32, batch norm, dropout, Adam."""
    inputs, target = torch.randn(32, 3, 32, 32), torch.randint(0, 10, (32,))
    model = nn.Sequential(
        *(nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(4096, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)),
    )
    return training(model, lambda: F.cross_entropy(model(inputs), target), torch.optim.Adam(model.parameters()))


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.heads = heads

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        parts = self.qkv(self.norm1(x)).split(width, 2)
        q, k, v = (part.view(batch, length, self.heads, -1).transpose(1, 2) for part in parts)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, length, width))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Transformer(nn.Module):
    def __init__(self, vocabulary: int = 8192, width: int = 256, layers: int = 6, heads: int = 8, length: int = 128):
        super().__init__()
        self.token, self.position = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.token(tokens) + self.position(torch.arange(tokens.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def transformer() -> Step:
    """9 million parameters, 6 layers, 4×128 tokens, AdamW."""
    inputs, target = torch.randint(0, 8192, (4, 128)), torch.randint(0, 8192, (512,))
    model = Transformer()
    return training(
        model,
        lambda: F.cross_entropy(model(inputs).view(-1, 8192), target),
        torch.optim.AdamW(model.parameters()),
    )


# name -> (step, steps in one timed block)
MODELS: dict[str, tuple[Callable[[], Step], int]] = {
    "xor": (xor, 1000),
    "mlp": (mlp, 150),
    "cnn": (cnn, 5),
    "transformer": (transformer, 2),
}
