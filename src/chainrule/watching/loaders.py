"""Which DataLoaders the script iterates over: their batches tell nothing of the samples that are never drawn."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

from torch.utils.data import DataLoader, RandomSampler

from chainrule.step import Line
from chainrule.watching.place import caller, line_of

MOST = 50  # loaders; a script that makes one for each step is known by then


class Loaders:
    """Notes every `iter(loader)` between `start` and what it returns.

    step   the number of training steps that are over
    """

    def __init__(self, step: Callable[[], int]) -> None:
        self._step = step
        self._begun: WeakKeyDictionary[DataLoader[Any], int] = WeakKeyDictionary()  # its place in `_found`
        self._found: list[dict[str, Any]] = []
        self._lines: list[Counter[Line]] = []

    def start(self) -> Callable[[], None]:
        """Returns the undo."""
        begin = DataLoader.__iter__

        @functools.wraps(begin)
        def noted(loader: DataLoader[Any]) -> Iterator[Any]:
            with suppress(Exception):  # a data set's __len__ is the user's
                self._note(loader, line_of(caller(0)))
            return begin(loader)

        DataLoader.__iter__ = noted  # type: ignore[method-assign, assignment]

        def undo() -> None:
            DataLoader.__iter__ = begin  # type: ignore[method-assign]

        return undo

    def _note(self, loader: DataLoader[Any], at: Line) -> None:
        if loader not in self._begun:
            if len(self._found) == MOST:
                return
            samples = len(loader.dataset)  # type: ignore[arg-type]
            self._begun[loader] = len(self._found)
            self._found.append(
                {
                    "samples": samples,
                    "batch": loader.batch_size,
                    "shuffled": isinstance(loader.sampler, RandomSampler),
                    "iterators": 0,
                    "step": self._step(),
                }
            )
            self._lines.append(Counter())
        found, lines = self._found[self._begun[loader]], self._lines[self._begun[loader]]
        lines[at] += 1
        most = max(lines, key=lines.__getitem__)
        found.update(iterators=found["iterators"] + 1, file=most.file, line=most.line)

    def all(self) -> list[dict[str, Any]]:
        """For each its samples, those in a batch, whether they come at random, how often it was begun, the first time's
        step, and the line that began it most often."""
        return self._found
