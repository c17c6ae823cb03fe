"""Of torch's functions: what they are called, what they take, whether they write to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import torch
from torch.overrides import resolve_name

from chainrule.rules import SPELLINGS

Tensor = torch.Tensor
FUNCTIONS = 4096  # what is known of a function is kept from step to step


def tensors_in(argument: Any) -> Iterator[Tensor]:
    if isinstance(argument, Tensor):
        yield argument
    elif isinstance(argument, list | tuple):
        for part in argument:
            yield from tensors_in(part)
    elif isinstance(argument, dict):
        for part in argument.values():
            yield from tensors_in(part)


@lru_cache(FUNCTIONS)
def writes_in_place(function: Callable[..., Any]) -> bool:
    name = getattr(function, "__name__", "")
    return (name.endswith("_") and not name.endswith("__")) or name == "__setitem__"


def is_attribute(function: Callable[..., Any]) -> bool:
    """Reads and writes of tensor attributes (shape, dtype, grad) are no calls; .T and .mT have a rule and are."""
    return getattr(function, "__name__", "") in ("__get__", "__set__", "__delete__")


def name_of(function: Callable[..., Any]) -> str:
    """The function as the field writes it: torch.sigmoid, F.linear, Tensor.view."""
    spelling = SPELLINGS.get(function)
    if spelling is not None:
        return spelling.name
    name = resolve_name(function) or getattr(function, "__qualname__", repr(function))
    plain = str(name).removesuffix(".__get__")  # Tensor.data is read
    return plain.replace("torch.nn.functional.", "F.").replace("torch.Tensor.", "Tensor.")
