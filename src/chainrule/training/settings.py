"""How to train, and with what data: checked before anything happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import DataLoader, TensorDataset

from chainrule.errors import BadOption
from chainrule.native.order import Order, Shuffle

Tensor = torch.Tensor
Inputs = Tensor | Sequence[Tensor]


@dataclass
class Settings:
    """How to train; see natively.train."""

    epochs: int
    batch_size: int | None = None
    shuffle: Shuffle = False
    generator: torch.Generator | None = None
    scheduler: Any = None
    strict: bool = False
    norms: bool = False
    progress: bool | None = None


def checked(X: Inputs, y: Tensor, settings: Settings) -> tuple[tuple[Tensor, ...], Order]:
    """The inputs as a tuple, and the order of the batches. Raises BadOption, or what a DataLoader raises."""
    inputs = (X,) if isinstance(X, Tensor) else tuple(X) if isinstance(X, list | tuple) else ()
    if not inputs or not all(isinstance(x, Tensor) for x in inputs):
        raise BadOption("X", type(X).__name__, "wanted: a tensor with a row for each sample, or several in a tuple")
    if not isinstance(y, Tensor):
        raise BadOption("y", type(y).__name__, "wanted: a tensor with a row for each sample")
    shape = tuple(inputs[0].shape)
    if not shape or shape[0] == 0:
        raise BadOption("X", f"of shape {shape}", "wanted: at least one sample along the first axis")
    if type(settings.epochs) is not int or settings.epochs < 1:
        raise BadOption("epochs", settings.epochs, "wanted: a whole number from 1")
    if settings.shuffle not in (False, True, "randperm"):
        raise BadOption("shuffle", settings.shuffle, "wanted: False, True or 'randperm'")
    if settings.batch_size is not None:
        dataset = TensorDataset(*inputs, y)  # raises where their lengths differ
        DataLoader(dataset, settings.batch_size, bool(settings.shuffle), generator=settings.generator)
    order = Order(shape[0], settings.batch_size, settings.shuffle, settings.generator)
    return inputs, order
