"""Which data go together: rows of several tensors that were taken by the same indices, or as one batch of a
DataLoader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import torch
from torch.utils.data._utils import collate

from chainrule.step import Line
from chainrule.watching.alive import Known
from chainrule.watching.beside.parts import ROWS, Parts, first_index, names_rows
from chainrule.watching.place import caller, line_of, outside

Tensor = torch.Tensor
MOST = 64  # tensors in one step
COLLATE = collate.__file__  # where a DataLoader puts samples together


class Taken(NamedTuple):
    """The same `key` for rows that were taken alike; `source` tells of which data."""

    key: tuple[Any, ...]
    source: int
    at: Line


class Pairs:
    """Those of a step and the one before: what is done with a batch after its update is seen with the next."""

    def __init__(self) -> None:
        self._taken: Known[Tensor, Taken] = Known()
        self._used: set[int] = set()  # sources of those that a call without a gradient took
        self._batches, self._place = 0, 0  # of a DataLoader, and the tensors of the last one
        self._last: Callable[..., Any] | None = None

    def begin(self) -> None:
        """A step."""
        alive = list(self._taken.items())
        self._taken = Known()
        for tensor, taken in alive:
            self._taken[tensor] = taken
        self._used.clear()

    def note(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], out: Any, parts: Parts
    ) -> None:
        """A call without a gradient was made; `parts` knows indices by what is in them."""
        before, self._last = self._last, function
        if function in ROWS:
            index = first_index(function, args, kwargs)
            if names_rows(index):
                self._take(out, parts.fingerprint(index), id(args[0]))
            elif isinstance(index, slice) and isinstance(index.stop, int):
                self._take(out, (index.start, index.stop, len(args[0])), id(args[0]))
        elif function is torch.stack and outside().f_code.co_filename == COLLATE:
            self._place = self._place + 1 if before is torch.stack else 0
            self._batches += self._place == 0
            self._take(out, ("batch", self._batches), -1 - self._place)
        else:
            self._follow(args, out)

    def beside(self, tensor: Tensor, entered: Iterable[Tensor]) -> Iterator[tuple[Tensor, Line]]:
        """What was taken together with it, of other data, and where; none of data that calls took, `entered` or
        without a gradient, as they are or moved."""
        mine = self._taken.get(tensor)
        if mine is None:
            return
        used = {one.source for leaf in entered if (one := self._taken.get(leaf)) is not None} | self._used
        for other, one in self._taken.items():
            if one.key == mine.key and one.source not in used:
                yield other, one.at

    def _take(self, rows: Any, key: tuple[Any, ...], source: int) -> None:
        if isinstance(rows, Tensor) and rows.dim() and len(self._taken) < MOST:
            self._taken[rows] = Taken(key, source, line_of(caller(1)))

    def _follow(self, args: tuple[Any, ...], out: Any) -> None:
        """Rows that were moved, converted or scaled are rows still; what has no row for each takes them."""
        for tensor in args:
            taken = self._taken.get(tensor)
            if taken is None:
                continue
            if isinstance(out, Tensor) and out.dim() and len(out) == len(tensor):
                self._taken[out] = taken
            else:
                self._used.add(taken.source)
