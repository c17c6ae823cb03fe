"""Watches a forward pass for what its recording does not show.

Numbers that are read into Python: what the pass does next may depend on them. And what is made of the data alone:
without a gradient it is not recorded.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode, resolve_name

from chainrule.native.graph import CannotLower

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
OWN = tuple(str(Path(place).parent) for place in (torch.__file__, Path(__file__).parent))  # torch's files and ours


class Reads(TorchFunctionMode):
    """While it is on, notes the first call that reads a number out of a tensor, and where Python's or NumPy's random
    numbers were drawn. `check` raises CannotLower if there was one.

    made      the tensors that were made of the batch, which is given to `begin`, and of nothing else
    detached  those without a gradient that were made of something with one: they change as the weights do
    """

    def __init__(self) -> None:
        super().__init__()
        self.first: CannotLower | None = None
        self._made: dict[int, tuple[Tensor, int]] = {}
        self._detached: dict[int, Tensor] = {}
        self._random = random.getstate()
        self._numpy = np.random.get_state(legacy=False)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if self.first is None and func in READS:
            name = (resolve_name(func) or repr(func)).replace("torch.Tensor.", "Tensor.")
            self.first = CannotLower("it reads a number, on which what follows may depend", name, users_line())
        result = func(*args, **(kwargs or {}))
        self._note(tensors_in((args, kwargs)), tensors_in(result))
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
            self.first = CannotLower("the model draws from Python's random numbers")
        now: Any = np.random.get_state(legacy=False)
        before: Any = self._numpy
        if self.first is None and now["state"]["pos"] != before["state"]["pos"]:
            self.first = CannotLower("the model draws from NumPy's random numbers")

    def check(self) -> None:
        if self.first is not None:
            raise self.first


def tensors_in(part: Any) -> list[Tensor]:
    """Every tensor among arguments or results."""
    if isinstance(part, Tensor):
        return [part]
    inside = part.values() if isinstance(part, dict) else part if isinstance(part, list | tuple) else ()
    return [t for one in inside for t in tensors_in(one)]


def users_line() -> str:
    """file:line of the innermost frame that is neither torch's nor ours."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(OWN):
        frame = frame.f_back
    return "" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"
