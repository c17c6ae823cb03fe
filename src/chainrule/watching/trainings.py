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

    A step belongs to a training of the same weights, or of some of them at the same line (a part is thawed or frozen in
    the loop). Where an optimizer was made in between, only to the one before it, and of the same weights.
    """

    def __init__(self) -> None:
        self._known: list[tuple[list[weakref.ref[Tensor]], Line]] = []
        self._last = -1
        self._anew = False  # an optimizer was made since the last step that was noted
        self._starts: list[dict[str, int]] = []

    def optimizer_made(self) -> None:
        """After others had stepped."""
        self._anew = True

    def note(self, step: int, trained: Collection[Tensor], at: Line) -> None:
        """A recorded step is over."""
        anew, self._anew = self._anew, False
        if not trained:
            return
        ids = {id(leaf) for leaf in trained}
        known = [({id(leaf) for ref in refs if (leaf := ref()) is not None}, line) for refs, line in self._known]
        same = [
            i
            for i, (before, line) in enumerate(known)
            if (before == ids and (i == self._last or not anew)) or (before & ids and line == at and not anew)
        ]
        number = self._last if self._last in same else same[0] if same else len(known)
        self._known[number : number + 1] = [([weakref.ref(leaf) for leaf in trained], at)]
        if number != self._last and len(self._starts) < MOST:
            self._starts.append({"step": step, "training": number})
        self._last = number

    def had(self, weight: Tensor) -> bool:
        """Whether it got gradients in one of them."""
        return any(ref() is weight for refs, _ in self._known for ref in refs)

    def all(self) -> list[dict[str, int]]:
        """The recorded steps with which one began or went on, and its number."""
        return list(self._starts)
