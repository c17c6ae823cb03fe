"""Tells one training of a script from the next: a pre-training, a teacher's, the one of another model."""

from __future__ import annotations

import weakref
from collections.abc import Collection

import torch

from chainrule.step import Line

Tensor = torch.Tensor
MOST = 50  # changes from one to another


class Trainings:
    """Those of a run, as its recorded steps show them: the weights that got gradients, and the line of backward().

    A step belongs to a training that it shares a weight with: where it shares all of them, or has the same line (a part
    is thawed or frozen in the loop). Without any in common it is another, whatever the line.
    """

    def __init__(self) -> None:
        self._known: list[tuple[list[weakref.ref[Tensor]], Line]] = []
        self._last = -1
        self._starts: list[dict[str, int]] = []

    def note(self, step: int, trained: Collection[Tensor], at: Line) -> None:
        """A recorded step is over."""
        if not trained:
            return
        ids = {id(leaf) for leaf in trained}
        known = [({id(leaf) for ref in refs if (leaf := ref()) is not None}, line) for refs, line in self._known]
        same = (i for i, (before, line) in enumerate(known) if before & ids and (before == ids or line == at))
        number = next(same, len(known))
        self._known[number : number + 1] = [([weakref.ref(leaf) for leaf in trained], at)]
        if number != self._last and len(self._starts) < MOST:
            self._starts.append({"step": step, "training": number})
        self._last = number

    def all(self) -> list[dict[str, int]]:
        """The recorded steps with which one began or went on, and its number."""
        return list(self._starts)
