"""Tensors in a text: gathered under names while a step is encoded, found again while it is decoded."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

import torch

from chainrule.run.fields import decode_dtype, decode_shape, encode_dtype, entry, short
from chainrule.run.tensorfile import storable
from chainrule.step import Summary, Value

T = TypeVar("T")
Thing = TypeVar("Thing")

_LARGEST_SUMMARIZED = 1 << 27  # elements; Summary.of needs several float64 copies


@dataclass(slots=True, frozen=True)
class LeftOut:
    """A tensor that was too large to keep."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    summary: Summary | None

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def encode_left_out(left_out: LeftOut) -> dict[str, Any]:
    summary = None if left_out.summary is None else asdict(left_out.summary)
    return {"shape": left_out.shape, "dtype": encode_dtype(left_out.dtype), "summary": summary}


def decode_left_out(raw: Any) -> LeftOut:
    summary = entry(raw, "summary", dict, type(None))
    return LeftOut(
        decode_shape(entry(raw, "shape", list)),
        decode_dtype(entry(raw, "dtype", str)),
        None if summary is None else _decode_summary(summary),
    )


def _decode_summary(raw: dict[str, Any]) -> Summary:
    histogram, largest = entry(raw, "histogram", list), entry(raw, "largest", list)
    if not all(type(count) is int for count in histogram):
        raise ValueError(f"{short(histogram)} is not a histogram")
    if not all(isinstance(pair, list) and [type(part) for part in pair] == [int, float] for pair in largest):
        raise ValueError(f"{short(largest)} are not the largest entries")
    return Summary(
        minimum=entry(raw, "minimum", float),
        maximum=entry(raw, "maximum", float),
        mean=entry(raw, "mean", float),
        std=entry(raw, "std", float),
        not_finite=entry(raw, "not_finite", int),
        histogram=tuple(histogram),
        largest=tuple((index, value) for index, value in largest),
    )


@dataclass(slots=True)
class Gathered:
    """The tensors of a step while it is encoded, each place in memory under its first name."""

    tensors: dict[str, torch.Tensor] = field(default_factory=dict)
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    _names: dict[Any, str] = field(default_factory=dict)

    def refer(self, name: str, tensor: torch.Tensor | None) -> Any:
        """What stands for the tensor in the text: a name, with the shape if that of the name is another."""
        if tensor is None:
            return None
        first = self._names.setdefault(_place(tensor), name)
        if first == name:
            self.tensors[name] = tensor
            return name
        return first if self.tensors[first].shape == tensor.shape else [first, list(tensor.shape)]

    def keep(self, limit: int) -> tuple[dict[str, torch.Tensor], list[str]]:
        """The tensors to store, and the names of those left out.

        Seeds and arguments are kept in any case, then the smallest, until `limit` bytes are used up. What has no
        numbers to store (quantized, nested, meta) is left out too.
        """
        kept: dict[str, torch.Tensor] = {}
        lost: list[str] = []
        used = 0
        for name, tensor in sorted(self.tensors.items(), key=_essential_then_small):
            fits = used + _size(tensor) <= limit or _is_essential(name)
            plain = _storable_or_none(tensor) if fits else None
            if plain is None:
                self.left_out[name] = LeftOut(tuple(tensor.shape), tensor.dtype, _summary(name, tensor))
                lost.append(name)
            else:
                kept[name] = plain
                used += _size(tensor)
        return kept, lost


def _place(tensor: torch.Tensor) -> Any:
    """Equal for tensors that have the same numbers in the same order, because they have the same memory."""
    try:
        layout = tensor.numel() if tensor.is_contiguous() else (tensor.shape, tensor.stride())
        return tensor.data_ptr(), tensor.device, tensor.dtype, layout, tensor.is_conj(), tensor.is_neg()
    except (RuntimeError, NotImplementedError):  # sparse and other tensors without an address
        return id(tensor)


def _is_essential(name: str) -> bool:
    """Seeds and arguments: without one of them a step cannot be read."""
    return name[0] in "ab"


def _essential_then_small(item: tuple[str, torch.Tensor]) -> tuple[bool, int]:
    name, tensor = item
    return not _is_essential(name), _size(tensor)


def _size(tensor: torch.Tensor) -> int:
    """Bytes, also of a sparse tensor: it is stored dense."""
    return tensor.numel() * tensor.element_size()


def _storable_or_none(tensor: torch.Tensor) -> torch.Tensor | None:
    try:
        return storable(tensor)
    except (TypeError, RuntimeError, NotImplementedError):
        return None


def _summary(name: str, tensor: torch.Tensor) -> Summary | None:
    """Statistics of a value or a gradient, where they can be had."""
    if name[0] not in "vg" or tensor.numel() > _LARGEST_SUMMARIZED:
        return None
    try:
        return Summary.of(tensor)
    except (RuntimeError, NotImplementedError):  # no numbers
        return None


class NotHere(Exception):
    """The numbers asked for were left out."""


@dataclass(slots=True)
class Found:
    """The tensors that a text may refer to while it is decoded."""

    tensors: dict[str, torch.Tensor]
    left_out: dict[str, LeftOut]
    _views: dict[tuple[str, tuple[int, ...]], torch.Tensor] = field(default_factory=dict)

    def tensor(self, raw: Any) -> torch.Tensor:
        """The tensor that `refer` gave the reference for. Raises NotHere if it was left out, ValueError if unknown."""
        name, shape = _split(raw)
        if name in self.left_out:
            raise NotHere
        if name not in self.tensors:
            raise ValueError(f"there is no tensor {short(name)}")
        tensor = self.tensors[name]
        if shape is None or shape == tuple(tensor.shape):
            return tensor
        if math.prod(shape) != tensor.numel():
            raise ValueError(f"tensor {short(name)} has not the shape {shape}")
        return self._views.setdefault((name, shape), tensor.reshape(shape))

    def optional(self, raw: Any) -> torch.Tensor | None:
        return None if raw is None else self.tensor(raw)

    def like(self, value: Value, raw: Any) -> torch.Tensor:
        """A tensor that must have the shape of the value."""
        tensor = self.tensor(raw)
        if tensor.shape != value.shape:
            raise ValueError(f"a tensor of shape {tuple(tensor.shape)} belongs to value {value.index}, {value.shape}")
        return tensor

    def summary(self, raw: Any) -> Summary | None:
        """Of a tensor that was left out."""
        return self.left_out[_split(raw)[0]].summary


def _split(raw: Any) -> tuple[str, tuple[int, ...] | None]:
    match raw:
        case str(name):
            return name, None
        case [str(name), shape]:
            return name, decode_shape(shape)
    raise ValueError(f"{short(raw)} does not refer to a tensor")


def whole(decode: Callable[[], T]) -> T | None:
    """What decode gives, or None when one of its tensors was left out."""
    try:
        return decode()
    except NotHere:
        return None


def kept(entries: Iterable[tuple[int, Thing, Any]], decode: Callable[[Thing, Any], T]) -> dict[int, T]:
    """Of (number, thing, raw) the decoded ones, by number, without those that miss a tensor."""
    decoded: dict[int, T] = {}
    for number, thing, raw in entries:
        try:
            decoded[number] = decode(thing, raw)
        except NotHere:
            continue
    return decoded
