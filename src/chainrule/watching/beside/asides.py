"""Calls beside the graph of a recorded step: those that cut it, and an evaluation that still trains."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch.nn import functional as F

from chainrule.step import Aside
from chainrule.watching.alive import Known

Tensor = torch.Tensor
MOST = 200  # in one step; an evaluation has as many calls as it likes
DATA = Tensor.data.__get__  # type: ignore[attr-defined]
COPIES = {torch.tensor, torch.as_tensor, torch.from_numpy}
READS = {"item", "tolist", "numpy", "__float__", "__array__"}  # numbers become Python's or NumPy's


def _training(function: Callable[..., Any]) -> tuple[int, bool]:
    """The place of a function's argument "training", and what it is by default."""
    parameters = inspect.signature(function).parameters
    return list(parameters).index("training"), parameters["training"].default


# Functions that do another thing while training.
TRAINING = {
    function: _training(function)
    for function in (
        F.dropout,
        F.dropout1d,
        F.dropout2d,
        F.dropout3d,
        F.alpha_dropout,
        F.feature_alpha_dropout,
        F.batch_norm,
    )
}


# Functions that compare: of data alone, one has no graph, and a loss that it is added to does not follow it.
COMPARES = {
    F.mse_loss,
    F.l1_loss,
    F.smooth_l1_loss,
    F.huber_loss,
    F.cross_entropy,
    F.nll_loss,
    F.binary_cross_entropy,
    F.binary_cross_entropy_with_logits,
    F.kl_div,
    F.poisson_nll_loss,
    F.gaussian_nll_loss,
}


class Found(NamedTuple):
    """An Aside of which the result is not known yet: whether it enters other calls shows later. `taken` is what it
    took, `numbers` what was read of it, in short."""

    aside: Aside
    results: list[weakref.ref[Tensor]]
    taken: weakref.ref[Tensor] | None
    numbers: tuple[float, ...] | None


class Asides:
    """Those of one step, in order; the first for each function and line."""

    def __init__(self) -> None:
        self._found: list[Found] = []
        self._seen: set[tuple[str, str, int]] = set()
        self._made_by: Known[Tensor, Found] = Known()  # by the result

    @property
    def full(self) -> bool:
        return len(self._found) >= MOST

    def add(self, aside: Aside, results: Iterable[Tensor], taken: Tensor | None = None) -> None:
        if (aside.name, aside.at.file, aside.at.line) in self._seen:
            return
        self._seen.add((aside.name, aside.at.file, aside.at.line))
        ref = weakref.ref(taken) if taken is not None else None
        reads = taken is not None and aside.name.rpartition(".")[2] in READS
        found = Found(aside, [], ref, _numbers(taken) if reads and taken is not None else None)
        self._found.append(found)
        self._stands_for(found, results)

    def _stands_for(self, found: Found, results: Iterable[Tensor]) -> None:
        found.results[:] = [ref for ref in found.results if ref() is not None]
        for result in results:
            found.results.append(weakref.ref(result))
            self._made_by[result] = found

    def follow(self, taken: Iterable[Tensor], results: Iterable[Tensor]) -> None:
        """What is computed of a result, still without a gradient, stands for it."""
        given = list(taken) if self._made_by else []
        if any(tensor.requires_grad for tensor in given):
            return
        made = list(results)
        for tensor in given:
            found = self._made_by.get(tensor)
            if found is not None:
                self._stands_for(found, made)

    def takes(self, leaf: Tensor) -> bool:
        """Whether one of them took this parameter."""
        return any(found.taken is not None and found.taken() is leaf for found in self._found)

    def copied(self, function: Callable[..., Any], made: Any) -> None:
        """A tensor was made of Python's or NumPy's numbers: of those that were read before, if they are the same."""
        if function not in COPIES or not isinstance(made, Tensor):
            return
        read = [found for found in self._found if found.numbers is not None]
        numbers = _numbers(made) if read else None
        for found in read:
            if found.numbers == numbers:
                self._stands_for(found, [made])

    def all(
        self,
        number_of: Callable[[Tensor], int | None],
        used: set[int],
        waiting: Callable[[Tensor], tuple[int, str] | None],
    ) -> list[Aside]:
        """With their results' numbers, where those entered other calls, be it one of `used`; and number and name of a
        parameter that an optimizer waits for, where they alone took it."""
        made = []
        for aside, results, taken, _ in self._found:
            alive = [tensor for ref in results if (tensor := ref()) is not None]
            numbers = [number for tensor in alive if (number := number_of(tensor)) is not None]
            result = next((number for number in numbers if number in used), numbers[0] if numbers else None)
            leaf = taken() if taken is not None else None
            leaf = leaf if leaf is not None and leaf.is_leaf else None
            found = waiting(leaf) if leaf is not None else None
            if leaf is not None and found is None and aside.name == "Tensor.data":
                continue  # only handed on, as to set first weights
            source, name = found or (aside.source, "")
            made.append(replace(aside, source=source, result=result, leaf=name))
        return made


def _numbers(tensor: Tensor) -> tuple[float, ...] | None:
    """What tells several numbers from others: how many, the first, the last, and their sum."""
    if tensor.numel() < 2 or tensor.is_complex():
        return None
    numbers = tensor.detach().flatten()
    return len(numbers), float(numbers[0]), float(numbers[-1]), float(numbers.double().sum())


def trains(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether this call of dropout or batch norm is one for training."""
    if function not in TRAINING:
        return False
    place, default = TRAINING[function]
    return bool(kwargs.get("training", args[place] if place < len(args) else default))
