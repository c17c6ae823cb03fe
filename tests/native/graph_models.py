"""Small models, losses and optimizers whose native training is compared with PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

Tensor = torch.Tensor
SAMPLES = 24


def mlp(*between: nn.Module, inputs: int = 6, outputs: int = 3) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs, 8), *between, nn.Linear(8, outputs))


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.head = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        z = x + torch.tanh(self.first(x))
        z = z + F.silu(self.second(z)) * 0.5
        return self.head(torch.cat([z, x], dim=1))


class Tied(nn.Module):
    """An autoencoder whose decoder is the encoder's transpose, read three ways."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 6) * 0.4)
        self.bias = nn.Parameter(torch.zeros(6))

    def forward(self, x: Tensor) -> Tensor:
        code = torch.sigmoid(x @ self.weight.T)
        return F.linear(F.linear(code @ self.weight + self.bias, self.weight), self.weight.t()).narrow(1, 0, 3)


class Words(nn.Module):
    """Embedding of three words, with the table tied to the classes."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(5, 4, padding_idx=0)
        self.body = nn.Linear(12, 4)

    def forward(self, words: Tensor) -> Tensor:
        z = torch.tanh(self.body(self.table(words).flatten(1)))
        return z @ self.table.weight.T


class Shapes(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner, self.head = nn.Linear(2, 2), nn.Linear(6, 3)
        self.register_buffer("scale", torch.tensor([0.5, 1.0, 2.0]))

    def forward(self, x: Tensor) -> Tensor:
        z = self.inner(x.view(-1, 3, 2))  # (samples, 3, 2)
        z = z.transpose(1, 2) * self.scale  # (samples, 2, 3)
        z = torch.stack([z[:, 0], z[:, 1, :].clamp(-1, 1)], dim=1).reshape(len(x), 6)
        return self.head(z - z.mean(dim=1, keepdim=True))


class Image(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.again = nn.Conv2d(1, 3, 3, padding=1), nn.Conv2d(3, 4, 3, stride=2, dilation=1, groups=1)
        self.head = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        z = F.max_pool2d(F.relu(self.conv(x)), 2)
        z = F.relu(self.again(z))
        return self.head(z.flatten(1))


MODELS: dict[str, Callable[[], nn.Module]] = {
    "linear": lambda: nn.Linear(6, 3),
    "tanh": lambda: mlp(nn.Tanh()),
    "sigmoid": lambda: mlp(nn.Sigmoid()),
    "relu": lambda: mlp(nn.ReLU()),
    "leaky relu": lambda: mlp(nn.LeakyReLU(0.1)),
    "elu": lambda: mlp(nn.ELU()),
    "gelu": lambda: mlp(nn.GELU()),
    "gelu tanh": lambda: mlp(nn.GELU(approximate="tanh")),
    "silu": lambda: mlp(nn.SiLU()),
    "softplus": lambda: mlp(nn.Softplus()),
    "mish": lambda: mlp(nn.Mish()),
    "selu": lambda: mlp(nn.SELU()),
    "hardtanh": lambda: mlp(nn.Hardtanh()),
    "hardswish": lambda: mlp(nn.Hardswish()),
    "softsign": lambda: mlp(nn.Softsign()),
    "logsigmoid": lambda: mlp(nn.LogSigmoid()),
    "prelu": lambda: mlp(nn.PReLU(8)),
    "softmax": lambda: mlp(nn.Softmax(dim=1)),
    "log softmax": lambda: mlp(nn.LogSoftmax(dim=-1)),
    "layer norm": lambda: mlp(nn.LayerNorm(8), nn.Tanh()),
    "rms norm": lambda: mlp(nn.RMSNorm(8), nn.Tanh()),
    "dropout": lambda: mlp(nn.Tanh(), nn.Dropout(0.4)),
    "residual": Residual,
    "tied": Tied,
    "words": Words,
    "shapes": Shapes,
    "image": Image,
    "image, averaged": lambda: nn.Sequential(
        *(
            nn.Conv2d(1, 4, 2),
            nn.Tanh(),
            nn.Conv2d(4, 4, (3, 1), padding="same", dilation=2),
            nn.AvgPool2d(3, 1, padding=1),
            nn.AdaptiveAvgPool2d(3),
        ),
        *(nn.Conv2d(4, 3, 2), nn.Tanh(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    ),
    "image, channels dropped": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3, groups=1),
        nn.Dropout2d(0.4),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 4, 2, groups=2, bias=False),
        nn.Flatten(),
        nn.Linear(4, 3),
    ),
}


def data(model: str, loss: str, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """X and y that fit the model and the loss; always the same."""
    generator = torch.Generator().manual_seed(7)
    X = torch.randn(SAMPLES, 6, generator=generator, dtype=dtype)
    if model == "words":
        X = torch.randint(0, 5, (SAMPLES, 3), generator=generator)
    if model.startswith("image"):
        X = torch.randn(SAMPLES, 1, 7, 7, generator=generator, dtype=dtype)
    outputs = 5 if model == "words" else 3
    if loss in ("cross entropy", "weighted", "smoothed", "nll"):
        return X, torch.randint(0, outputs, (SAMPLES,), generator=generator)
    y = torch.randn(SAMPLES, outputs, generator=generator, dtype=dtype)
    return X, torch.sigmoid(y) if loss in ("bce", "bce with logits", "soft", "kl") else y


LOSSES: dict[str, Callable[[], Any]] = {
    "mse": nn.MSELoss,
    "mse sum": lambda: nn.MSELoss(reduction="sum"),
    "l1": nn.L1Loss,
    "huber": lambda: nn.HuberLoss(delta=0.7),
    "smooth l1": nn.SmoothL1Loss,
    "bce": lambda: lambda out, y: F.binary_cross_entropy(torch.sigmoid(out), y),
    "bce with logits": nn.BCEWithLogitsLoss,
    "cross entropy": nn.CrossEntropyLoss,
    "weighted": lambda: lambda out, y: F.cross_entropy(out, y, torch.linspace(0.5, 2, out.shape[1], dtype=out.dtype)),
    "smoothed": lambda: nn.CrossEntropyLoss(label_smoothing=0.1),
    "nll": lambda: lambda out, y: F.nll_loss(F.log_softmax(out, 1), y),
    "soft": nn.CrossEntropyLoss,
    "kl": lambda: lambda out, y: F.kl_div(F.log_softmax(out, 1), y, reduction="batchmean"),
    "written": lambda: lambda out, y: ((out - y) ** 2).mean() + 0.01 * out.abs().sum() / len(out),
}
OPTIMIZERS: dict[str, Callable[[Any], torch.optim.Optimizer]] = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, dampening=0.2, weight_decay=0.01),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8, nesterov=True),
    "ascent": lambda p: torch.optim.SGD(p, lr=1e-3, maximize=True),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01),
    "amsgrad": lambda p: torch.optim.Adam(p, lr=0.01, amsgrad=True, weight_decay=0.01),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.003),
    "centered": lambda p: torch.optim.RMSprop(p, lr=0.003, centered=True, momentum=0.5, weight_decay=0.01),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.05),
}
