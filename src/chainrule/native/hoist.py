"""The numbers that the host computes for every step, in float64: learning rates, corrections of bias."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.formula import python
from chainrule.native.memory import Array
from chainrule.native.program import Scalar
from chainrule.rules.optimizers import SETTINGS, t

FUNCTIONS = {"sqrt": np.sqrt}


BLOCK = 4096  # rows computed ahead: a short epoch takes a few dozen at a time


@dataclass(frozen=True, slots=True)
class Ahead:
    """Rows from the step at which each group's t is `first`, with these settings throughout."""

    settings: Sequence[Mapping[str, float]]
    first: list[int]
    table: Array


class Host:
    """Computes the columns of Memory.scalars."""

    def __init__(self, scalars: Sequence[Scalar]) -> None:
        self._ahead = Ahead((), [0], np.empty((0, 0)))
        self._columns: list[tuple[int, Callable[..., Any]]] = []
        names = ", ".join([*(symbol.name for symbol in SETTINGS), t.name])
        for scalar in scalars:
            scope: dict[str, Any] = dict(FUNCTIONS)
            exec(f"def value({names}): return {python(scalar.formula)}", scope)  # the formula is ours
            self._columns.append((scalar.group, scope["value"]))

    def table(self, settings: Sequence[Sequence[Mapping[str, float]]], first: Sequence[int], steps: int) -> Array:
        """(steps, scalars).

        settings   for each step the numbers of every parameter group; of one step where they never change
        first      t of each group at the first of these steps
        """
        if len(settings) > 1:
            return self._computed(settings, first, steps)
        known = self._ahead
        at = first[0] - known.first[0]
        if (
            known.settings != settings[0]
            or [t - at for t in first] != known.first
            or not 0 <= at <= len(known.table) - steps
        ):
            rows = max(BLOCK, steps)
            self._ahead = known = Ahead(settings[0], list(first), self._computed(settings, first, rows))
            at = 0
        return known.table[at : at + steps]

    def _computed(self, settings: Sequence[Sequence[Mapping[str, float]]], first: Sequence[int], steps: int) -> Array:
        table = np.empty((steps, len(self._columns)))
        for column, (group, value) in enumerate(self._columns):
            names = settings[0][group]
            at = {name: np.array([step[group][name] for step in settings]) for name in names}
            unread = {symbol.name: 0.0 for symbol in SETTINGS if symbol.name not in names}
            table[:, column] = value(**at, **unread, t=first[group] + np.arange(steps, dtype=np.float64))
        return table
