"""Parsed JSON, read by type: whatever stands in a damaged or hostile file, a ValueError says so."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import torch

T = TypeVar("T")

_DTYPES = {str(thing).removeprefix("torch."): thing for thing in vars(torch).values() if isinstance(thing, torch.dtype)}
_LARGEST_NUMEL = 1 << 40  # a shape beyond it is a trap, not a tensor
_MOST_AXES = 64  # as torch has it
_LONGEST_REPR = 200


def entry(raw: Any, key: str, *kinds: type) -> Any:
    """raw[key], which must be exactly of one of the types; a missing entry is a None."""
    if not isinstance(raw, dict):
        raise ValueError(f"{short(raw)} stands where an object with {key!r} belongs")
    if type(raw.get(key)) not in kinds:
        names = " or ".join(kind.__name__ for kind in kinds)
        raise ValueError(f"{key!r} is {short(raw.get(key))}, not {names}")
    return raw.get(key)


def texts(raw: list[Any]) -> list[str]:
    if not all(isinstance(part, str) for part in raw):
        raise ValueError(f"{short(raw)} is not a list of texts")
    return raw


def pick(things: list[T], number: Any) -> T:
    """things[number], counted from 0 only."""
    if type(number) is not int or not 0 <= number < len(things):
        raise ValueError(f"number {short(number)} of {len(things)} does not exist")
    return things[number]


def numbered(things: list[T], raw: dict[str, Any]) -> Iterator[tuple[int, T, Any]]:
    """number, things[number] and entry, of an object whose keys are numbers of things."""
    for key, part in raw.items():
        number = int(key) if key.isascii() and key.isdigit() and len(key) < 12 else -1
        yield number, pick(things, number), part


def named(table: Mapping[str, T], raw: Any) -> T:
    if not isinstance(raw, str) or raw not in table:
        raise ValueError(f"{short(raw)} is unknown")
    return table[raw]


def encode_dtype(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def decode_dtype(raw: Any) -> torch.dtype:
    return named(_DTYPES, raw)


def decode_shape(raw: Any) -> tuple[int, ...]:
    if not isinstance(raw, list) or not all(type(size) is int and size >= 0 for size in raw):
        raise ValueError(f"{short(raw)} is not a shape")
    if len(raw) > _MOST_AXES or math.prod(max(size, 1) for size in raw) > _LARGEST_NUMEL:
        raise ValueError(f"{short(raw)} is too large for a shape")
    return tuple(raw)


def short(thing: object) -> str:
    """The repr, cut to a length that a message can bear."""
    try:
        text = repr(thing)
    except Exception as error:  # the thing may be the user's
        text = f"<{type(thing).__name__}, whose repr raises {type(error).__name__}>"
    return text if len(text) <= _LONGEST_REPR else text[: _LONGEST_REPR - 1] + "…"
