"""The optimizers of the script, from the moment they are made, and parameters that a trial gives them."""

from __future__ import annotations

import functools
import gc
import weakref
from collections.abc import Iterator
from typing import Any

import torch
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_pre_hook

Tensor = torch.Tensor


class Optimizers:
    """All that exist; `follow` begins to note them."""

    def __init__(self) -> None:
        self._all: weakref.WeakSet[Optimizer] = weakref.WeakSet()
        self._waiting: list[Tensor] = []
        self._follows = False

    def follow(self) -> None:
        if self._follows:
            return
        self._follows = True
        init = Optimizer.__init__
        self._all.update(one for one in gc.get_objects() if isinstance(one, Optimizer))

        @functools.wraps(init)
        def __init__(optimizer: Optimizer, *args: Any, **kwargs: Any) -> None:
            self._all.add(optimizer)
            init(optimizer, *args, **kwargs)

        setattr(Optimizer, "__init__", __init__)  # noqa: B010  # a method, to mypy
        register_optimizer_step_pre_hook(self._hand_out)

    def __iter__(self) -> Iterator[Optimizer]:
        yield from list(self._all)

    def held(self) -> set[int]:
        """The ids of all parameters that some optimizer has."""
        return {id(p) for optimizer in self for group in optimizer.param_groups for p in group["params"]}

    def give(self, parameters: list[Tensor]) -> None:
        """To the optimizer that steps next, with the settings of its first group."""
        self.follow()
        self._waiting += parameters

    def _hand_out(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if self._waiting:
            held = self.held()
            new = [p for p in self._waiting if id(p) not in held]
            self._waiting = []
            if new:
                first = {name: value for name, value in optimizer.param_groups[0].items() if name != "params"}
                optimizer.add_param_group({**first, "params": new})


OPTIMIZERS = Optimizers()
