"""What a script makes or loads again and again while it trains: optimizers, and weights that are put back."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import torch
from torch import nn

from chainrule.step import Line
from chainrule.watching.place import caller, line_of
from chainrule.watching.sharded import is_distributed

Tensor = torch.Tensor
MOST = 50  # lines
MARK = 8  # numbers that tell one state of a weight from another


class Restarts:
    """Notes every new optimizer that it is told of, and from `start` to what that returns every load_state_dict.

    step   the number of training steps that are over
    """

    def __init__(self, step: Callable[[], int]) -> None:
        self._step = step
        self._found: dict[tuple[str, str, int], dict[str, Any]] = {}
        self._of: dict[tuple[str, str, int], weakref.ref[Tensor]] = {}  # the optimizer's first parameter
        self._marks: dict[tuple[str, str, int], list[float]] = {}  # the first numbers that were loaded

    def start(self) -> Callable[[], None]:
        """Returns the undo."""
        load = nn.Module.load_state_dict

        @functools.wraps(load)
        def noted(module: nn.Module, state_dict: Any, *args: Any, **kwargs: Any) -> Any:
            with suppress(Exception):  # what a state holds is the user's
                self._loaded(module, state_dict, line_of(caller(0)))
            return load(module, state_dict, *args, **kwargs)

        nn.Module.load_state_dict = noted  # type: ignore[method-assign, assignment]

        def undo() -> None:
            nn.Module.load_state_dict = load  # type: ignore[method-assign]

        return undo

    def made(self, optimizer: torch.optim.Optimizer, at: Line) -> None:
        """An optimizer was made."""
        first = optimizer.param_groups[0]["params"][0]
        if not isinstance(first, nn.Parameter):  # an input that is sought
            return
        key = (type(optimizer).__name__, at.file, at.line)
        before = self._of.get(key)
        self._of[key] = weakref.ref(first)
        self._note(key, "optimizer", same=before is not None and before() is first)

    def _loaded(self, module: nn.Module, state: Any, at: Line) -> None:
        """Counted where the same numbers come back into weights that have left them."""
        name, weight = next((n, p) for n, p in module.named_parameters() if p.requires_grad and n in state)
        if is_distributed(weight) or is_distributed(state[name]):  # to read one is to wait for the other processes
            return
        mark, there = _mark(state[name]), _mark(weight)
        key = ("load_state_dict", at.file, at.line)
        if self._marks.setdefault(key, mark) == mark != there:
            self._note(key, "weights", same=True)

    def _note(self, key: tuple[str, str, int], kind: str, same: bool) -> None:
        found = self._found.get(key)
        if found is None and len(self._found) < MOST:
            name, file, line = key
            found = self._found[key] = {"kind": kind, "name": name, "file": file, "line": line}
            found |= {"first": self._step(), "last": self._step(), "times": 1, "same": 0}
        elif found is not None and self._step() > found["last"]:
            found |= {"last": self._step(), "times": found["times"] + 1, "same": found["same"] + same}

    def all(self) -> list[dict[str, Any]]:
        """For each line the steps before which it was run first and last, before how many it was run, and how often
        with the same parameters as the time before."""
        return list(self._found.values())


def _mark(tensor: Tensor) -> list[float]:
    with torch._C.DisableTorchFunction():
        numbers: list[float] = tensor.detach().reshape(-1)[:MARK].double().tolist()
    return numbers
