"""Watches a forward pass for what its recording does not show.

Numbers that are read into Python: what the pass does next may depend on them. And what is made of the data alone:
without a gradient it is not recorded.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from chainrule.step import Line
from chainrule.watching.functions import name_of, tensors_in
from chainrule.watching.place import caller, line_of

Tensor = torch.Tensor
READS = {
    Tensor.__bool__,
    Tensor.__int__,
    Tensor.__float__,
    Tensor.__index__,
    Tensor.__contains__,
    Tensor.__array__,
    Tensor.item,
    Tensor.tolist,
    Tensor.numpy,
    Tensor.equal,
    torch.equal,
    torch.allclose,
    torch.is_nonzero,
    Tensor.is_nonzero,
}


@dataclass(frozen=True)
class Hidden:
    """What a pass did that its recording does not show; `name` of the function, or "", and the user's line."""

    reason: str
    name: str = ""
    at: Line | None = None


class Reads(TorchFunctionMode):
    """While it is on, looks for calls that read a number out of a tensor, and for draws of Python's or NumPy's.

    first     of these, or None
    made      the tensors that were made of the batch, which is given to `begin`, and of nothing else
    detached  those without a gradient that were made of something with one: they change as the weights do
    """

    def __init__(self) -> None:
        super().__init__()
        self.first: Hidden | None = None
        self._made: dict[int, tuple[Tensor, int]] = {}
        self._detached: dict[int, Tensor] = {}
        self._random = random.getstate()
        self._numpy = np.random.get_state(legacy=False)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if self.first is None and func in READS:
            at = line_of(caller(0))
            self.first = Hidden("it reads a number, on which what follows may depend", name_of(func), at)
        result = func(*args, **(kwargs or {}))
        self._note(list(tensors_in((args, kwargs))), list(tensors_in(result)))
        return result

    def begin(self, batch: Iterable[Tensor]) -> Reads:
        self._made = {id(t): (t, t._version) for t in batch}
        return self

    @property
    def made(self) -> list[Tensor]:
        """Those that were not written since."""
        return [t for t, version in self._made.values() if t._version == version]

    @property
    def detached(self) -> list[Tensor]:
        return list(self._detached.values())

    def _note(self, inputs: list[Tensor], results: list[Tensor]) -> None:
        of_data = bool(inputs) and all(id(t) in self._made for t in inputs)
        of_weights = any(id(t) in self._detached or (t.requires_grad and id(t) not in self._made) for t in inputs)
        for t in results:
            if of_weights and not t.requires_grad:
                self._detached[id(t)] = t
            if of_data:
                self._made[id(t)] = (t, t._version)
            else:  # written in place with something else
                self._made.pop(id(t), None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)  # type: ignore[no-untyped-call]
        if self.first is None and random.getstate() != self._random:
            self.first = Hidden("the model draws from Python's random numbers")
        now: Any = np.random.get_state(legacy=False)
        before: Any = self._numpy
        if self.first is None and now["state"]["pos"] != before["state"]["pos"]:
            self.first = Hidden("the model draws from NumPy's random numbers")
