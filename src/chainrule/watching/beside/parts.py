"""Which data of a step are rows of a larger tensor, taken in that very step: `X[:16]`, `X[torch.randint(…)]`; and where
all rows of a tensor were put into another order."""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch

from chainrule.step import Line, Part, Reordered
from chainrule.watching.alive import Known
from chainrule.watching.place import caller, line_of

Tensor = torch.Tensor
HASHED = 4096  # indices; of more, those that differ do so among the first
MOST = 64  # in one step; a data set may take rows for every sample
DRAWS = {torch.randperm, torch.randint, torch.multinomial, torch.randint_like, Tensor.multinomial}
ROWS = {Tensor.__getitem__, torch.index_select, Tensor.index_select, torch.narrow, Tensor.narrow}
PIECES = {torch.split, Tensor.split, torch.chunk, Tensor.chunk}
ORDERS = {torch.flip, Tensor.flip, torch.roll, Tensor.roll, torch.sort, Tensor.sort, torch.msort, Tensor.msort}
COPIES = {torch.tensor, torch.as_tensor}  # of a slice of a NumPy array


Fingerprint = tuple[int, int, int]  # how many, the first HASHED of them, the last


class Taken(NamedTuple):
    """Rows of a tensor, or what was computed from such rows.

    rows    of the tensor
    source  the tensor's id
    which   differs for other rows of it and for other lines
    by      number of the indices that took them, −1 for a slice
    whole   the tensor itself, where it is one
    """

    rows: int
    source: int
    which: tuple[Any, ...]
    at: Line
    by: int = -1
    whole: weakref.ref[Tensor] | None = None


class Parts:
    """Those of one step. Indices that were not drawn within the step are none: they are a split of the data."""

    def __init__(self) -> None:
        self._taken: Known[Tensor, Taken] = Known()
        self._drawn: Known[Tensor, None] = Known()
        self._indices: Known[Any, Fingerprint] = Known()
        self._numbers: dict[Fingerprint, int] = {}  # of indices, by what is in them
        self._orders: list[tuple[int, Line, weakref.ref[Tensor]]] = []

    def note(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> None:
        """A call without a gradient was made."""
        if function in DRAWS:
            if isinstance(out, Tensor):
                self._drawn[out] = None
        elif function in ROWS or function in PIECES:
            self._rows(function, args, kwargs, out)
        elif function in COPIES:
            self._copy(args, out)
        elif function in ORDERS:
            made, order = out if isinstance(out, tuple) else (out, None)  # sort gives the order as well
            if _moves_rows(function.__name__, args[0].dim(), args[1:], kwargs) and len(self._orders) < MOST:
                number = self._number(order) if names_rows(order) else -1 - len(self._orders)
                self._orders.append((number, line_of(caller(0)), weakref.ref(made)))
        elif self._taken and isinstance(out, Tensor):
            self._follow(args, out)

    def of(self, tensor: Tensor) -> Part | None:
        """What is known of a tensor that entered a call."""
        found = self._taken.get(tensor)
        if found is None:
            return None
        others = any(one.source == found.source and one.which != found.which for one in self._taken.values())
        return Part(found.rows, found.at, others, found.by)

    def reordered(self, entered: Mapping[int, Tensor]) -> list[Reordered]:
        """Tensors of which all rows were put into an order into which no other was put; `entered` are those that calls
        took, by the numbers of their Values."""
        if not self._orders:
            return []
        sources = [(number, source) for number, tensor in entered.items() for source in self._sources(tensor)]
        times = Counter(number for number, _, _ in self._orders)
        alone = ((line, ref()) for number, line, ref in self._orders if times[number] == 1)
        return [
            Reordered(line, len(made), tuple(number for number, source in sources if source == id(made)))
            for line, made in alone
            if made is not None
        ]

    def _sources(self, tensor: Tensor) -> Iterator[int]:
        """The ids of itself, of what it is rows of, and so on."""
        one: Tensor | None = tensor
        for _ in range(MOST):
            if one is None:
                return
            yield id(one)
            found = self._taken.get(one)
            one = found.whole() if found is not None and found.whole is not None else None

    def _rows(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> None:
        source = args[0]
        if not isinstance(source, Tensor) or not source.dim():
            return
        pieces = out if isinstance(out, list | tuple) else (out,)
        if source in self._drawn:  # a part of what was drawn: indices, or labels
            for piece in pieces:
                self._drawn[piece] = None
        if len(self._taken) >= MOST or len(self._orders) >= MOST:
            return
        index = first_index(function, args, kwargs)
        all_rows = isinstance(index, slice) and index == slice(None)
        if function is Tensor.__getitem__ and all_rows and source in self._taken:
            self._follow(args, out)
            return
        fresh = isinstance(index, Tensor) and index in self._drawn
        number = -1
        if names_rows(index):
            number = self._number(index)
            index = torch.as_tensor(index)
            if is_an_order(index, len(source)):
                self._orders.append((number, line_of(caller(0)), weakref.ref(out)))
        if not fresh and not isinstance(index, slice):
            return
        for piece in pieces:
            self._take(piece, len(source), id(source), source, number)

    def _number(self, index: Any) -> int:
        """The same for the same rows' numbers."""
        return self._numbers.setdefault(self.fingerprint(index), len(self._numbers))

    def fingerprint(self, index: Any) -> Fingerprint:
        """The same for the same rows' numbers, be they in another tensor."""
        known = self._indices.get(index)
        if known is None:
            known = self._indices[index] = len(index), hash(tuple(index[:HASHED].tolist())), int(index[-1])
        return known

    def _copy(self, args: tuple[Any, ...], out: Any) -> None:
        array = args[0] if args else None
        if not isinstance(array, np.ndarray):
            return
        whole: Any = array.base
        if isinstance(whole, np.ndarray) and whole.ndim == array.ndim and whole.shape[1:] == array.shape[1:]:
            self._take(out, len(whole), id(whole), None)

    def _take(self, piece: Tensor, rows: int, source: int, whole: Tensor | None, by: int = -1) -> None:
        if not piece.dim() or len(self._taken) >= MOST:
            return
        at = line_of(caller(0))
        place = piece.storage_offset() if piece._base is not None and whole is not None else -1
        ref = weakref.ref(whole) if whole is not None else None
        self._taken[piece] = Taken(rows, source, (at, place, len(piece)), at, by, ref)

    def _follow(self, args: tuple[Any, ...], out: Tensor) -> None:
        """Rows that were moved, converted or scaled are rows still."""
        given = args[0] if args else None
        found = self._taken.get(given)
        if found is None or len(self._taken) >= MOST:
            return
        if isinstance(given, Tensor) and out.dim() and len(out) == len(given):
            self._taken[out] = found


def first_index(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Of the rows, in a call of ROWS or PIECES."""
    if function is Tensor.__getitem__:
        return args[1][0] if isinstance(args[1], tuple) and args[1] else args[1]
    if function in (torch.index_select, Tensor.index_select):
        return kwargs.get("index", args[-1])
    return slice(None)


def names_rows(index: Any) -> bool:
    """Whether it is several rows' numbers."""
    if isinstance(index, np.ndarray):
        return index.dtype.kind == "i" and index.ndim == 1 and len(index) > 1
    return isinstance(index, Tensor) and index.dtype is torch.long and index.dim() == 1 and len(index) > 1


def _moves_rows(name: str, axes: int, given: tuple[Any, ...], named: dict[str, Any]) -> bool:
    """Whether a call of flip, roll or sort moves along the first axis."""
    if name == "roll":
        dims = named.get("dims", given[1] if len(given) > 1 else ())
    elif name == "flip":
        dims = named.get("dims", given[0] if len(given) == 1 else given)
    else:
        dims = 0 if name == "msort" else named.get("dim", next((d for d in given if type(d) is int), -1))
    moved = dims if isinstance(dims, list | tuple) else (dims,)
    return axes == 1 or any(isinstance(dim, int) and dim in (0, -axes) for dim in moved)


def is_an_order(index: Tensor, rows: int) -> bool:
    """Whether it has each row once, and not as they are."""
    if len(index) != rows:
        return False
    as_they_are = torch.arange(rows, device=index.device)
    return not torch.equal(index, as_they_are) and torch.equal(index.sort().values, as_they_are)
