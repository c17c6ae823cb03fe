"""What changes from step to step: the batch, the settings, the dropout masks, drawn as eager training draws them.

The clock can be set back, so that random state and schedule are left as after the last step that was really made.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from chainrule.native.graph import Shape
from chainrule.native.memory import Array
from chainrule.native.order import Order
from chainrule.rules.optimizers import numbers


@dataclass(frozen=True, slots=True)
class Part:
    """The steps of a window whose batches are of one size.

    places  which of the window's steps they are: (steps,) whole numbers, or all
    order   (steps, size) rows of the data; None: all of them
    masks   {name: (steps, size, *shape)}
    """

    places: Array | slice
    order: Array | None
    masks: dict[str, Array]


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive steps, of several epochs where they are short.

    settings   of every parameter group at each step; of one step where they never change
    stretches  (batch size, steps) one after the other
    parts      {batch size: its steps}
    """

    steps: int
    settings: list[list[Mapping[str, float]]]
    stretches: list[tuple[int, int]]
    parts: dict[int, Part]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the clock stood, with the random states and the schedule."""

    place: tuple[int, int, bool, Array | None]
    random: torch.Tensor | None
    generator: torch.Tensor | None
    groups: list[dict[str, Any]]
    scheduler: dict[str, Any]


class _Drawn:
    """What a part of a window is put together from, epoch by epoch."""

    def __init__(self, masks: Iterable[str]) -> None:
        self.places: list[Array] = []
        self.orders: list[Array] = []
        self.masks: dict[str, list[Array]] = {name: [] for name in masks}

    def together(self) -> Part:
        order = np.concatenate(self.orders) if self.orders else None
        return Part(np.concatenate(self.places), order, {name: np.stack(drawn) for name, drawn in self.masks.items()})


class Clock:
    """Walks through the steps of a training.

    step      the one that comes next
    total     number of steps
    draws     whether anything may take random numbers from torch's default generator
    """

    def __init__(self, order: Order, epochs: int, optimizer: torch.optim.Optimizer, scheduler: Any = None) -> None:
        self.order, self.optimizer, self.scheduler = order, optimizer, scheduler
        self.total = epochs * len(order.sizes)
        self.draws = order.draws
        self.step = self._batch = 0
        self._begun = False
        self._rows: Array | None = None

    @property
    def size(self) -> int:
        """Of the next step's batch."""
        return self.order.sizes[self._batch]

    def begin(self) -> None:
        """Draw the order of the epoch, where the next step is its first and that has not been done."""
        if not self._begun:
            self._rows = self.order.epoch()
            self._begun = True

    def rows(self) -> Array | None:
        """The rows of the data in the next step, which has begun; None: all of them."""
        return self._slice(1)[0] if self.order.gathered else None

    def advance(self, steps: int = 1) -> None:
        """Steps of one epoch were made; after its last one the schedule goes on."""
        self.step += steps
        self._batch += steps
        if self._batch == len(self.order.sizes):
            self._batch, self._begun = 0, False
            self.order.end()
            if self.scheduler is not None:
                self.scheduler.step()

    def window(self, limit: int, masks: Mapping[str, tuple[Shape, float]], dtype: torch.dtype) -> Window:
        """At most `limit` steps from the next one on, drawn and passed."""
        limit = min(limit, self.total - self.step)
        self.begin()
        if not self.order.gathered and not self.draws and self.scheduler is None:
            self.step += limit
            return Window(limit, [self.settings()], [(self.size, limit)], {self.size: Part(slice(None), None, {})})
        drawn: dict[int, _Drawn] = {}
        settings: list[list[Mapping[str, float]]] = []
        stretches: list[tuple[int, int]] = []
        done = 0
        while done < limit:
            self.begin()
            size = self.size
            steps = min(limit - done, self._alike)
            part = drawn.setdefault(size, _Drawn(masks))
            part.places.append(np.arange(done, done + steps))
            if self.order.gathered:
                part.orders.append(self._slice(steps))
            for _ in range(steps if masks else 0):
                for name, (shape, p) in masks.items():
                    part.masks[name].append(F.dropout(torch.ones(size, *shape, dtype=dtype), p).numpy())
            if self.scheduler is not None:
                settings += [self.settings()] * steps
            stretches.append((size, steps))
            done += steps
            self.advance(steps)
        parts = {size: part.together() for size, part in drawn.items()}
        return Window(done, settings or [self.settings()], stretches, parts)

    @property
    def _alike(self) -> int:
        """Steps from the next one on in this epoch whose batches are of its size; only the last may be shorter."""
        sizes = self.order.sizes
        return len(sizes) - self._batch - (sizes[-1] != self.size)

    def settings(self) -> list[Mapping[str, float]]:
        return [numbers(group) for group in self.optimizer.param_groups]

    def _slice(self, steps: int) -> Array:
        start = self._batch * self.order.sizes[0]
        stop = start + steps * self.size
        rows = np.arange(start, stop) if self._rows is None else self._rows[start:stop]
        return np.ascontiguousarray(rows.reshape(steps, self.size), dtype=np.int64)

    # ------------------------------------------------------------ back in time

    def mark(self) -> Mark:
        generator = self.order.generator
        return Mark(
            (self.step, self._batch, self._begun, self._rows),
            torch.get_rng_state() if self.draws else None,
            None if generator is None else generator.get_state(),
            [{key: value for key, value in group.items() if key != "params"} for group in self.optimizer.param_groups],
            {} if self.scheduler is None else copy.deepcopy(self.scheduler.state_dict()),
        )

    def rewind(self, mark: Mark) -> None:
        self.step, self._batch, self._begun, self._rows = mark.place
        if mark.random is not None:
            torch.set_rng_state(mark.random)
        if mark.generator is not None and self.order.generator is not None:
            self.order.generator.set_state(mark.generator)
        for group, settings in zip(self.optimizer.param_groups, mark.groups, strict=True):
            group.update(settings)
        if self.scheduler is not None:
            self.scheduler.load_state_dict(copy.deepcopy(mark.scheduler))
