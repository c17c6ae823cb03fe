"""Which data of a step are rows of a larger tensor, taken in that very step: `X[:16]`, `X[torch.randint(…)]`."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

from chainrule.step import Line, Part
from chainrule.watching.place import caller, line_of

Tensor = torch.Tensor
MOST = 64  # in one step; a data set may take rows for every sample
DRAWS = {torch.randperm, torch.randint, torch.multinomial, torch.randint_like, Tensor.multinomial}
ROWS = {Tensor.__getitem__, torch.index_select, Tensor.index_select, torch.narrow, Tensor.narrow}
PIECES = {torch.split, Tensor.split, torch.chunk, Tensor.chunk}
COPIES = {torch.tensor, torch.as_tensor}  # of a slice of a NumPy array


class Taken(NamedTuple):
    """Rows of a tensor, or what was computed from such rows.

    rows    of the tensor
    source  the tensor's id
    which   differs for other rows of it and for other lines
    """

    tensor: weakref.ref[Tensor]
    rows: int
    source: int
    which: tuple[Any, ...]
    at: Line


class Parts:
    """Those of one step. Indices that were not drawn within the step are none: they are a split of the data."""

    def __init__(self) -> None:
        self._taken: dict[int, Taken] = {}
        self._drawn: dict[int, weakref.ref[Tensor]] = {}

    def note(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> None:
        """A call without a gradient was made."""
        if function in DRAWS:
            if isinstance(out, Tensor):
                self._drawn[id(out)] = weakref.ref(out)
        elif function in ROWS or function in PIECES:
            self._rows(function, args, kwargs, out)
        elif function in COPIES:
            self._copy(args, out)
        elif self._taken and isinstance(out, Tensor):
            self._follow(args, out)

    def of(self, tensor: Tensor) -> Part | None:
        """What is known of a tensor that entered a call."""
        found = self._taken.get(id(tensor))
        if found is None or found.tensor() is not tensor:
            return None
        others = any(one.source == found.source and one.which != found.which for one in self._taken.values())
        return Part(found.rows, found.at, others)

    def _rows(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> None:
        source = args[0]
        if not isinstance(source, Tensor) or not source.dim():
            return
        if id(source) in self._drawn and self._drawn[id(source)]() is source:  # a part of what was drawn
            for piece in out if isinstance(out, list | tuple) else (out,):
                self._drawn[id(piece)] = weakref.ref(piece)
            return
        if len(self._taken) >= MOST:
            return
        if function is Tensor.__getitem__:
            index = args[1][0] if isinstance(args[1], tuple) and args[1] else args[1]
        elif function in (torch.index_select, Tensor.index_select):
            index = kwargs.get("index", args[-1])
        else:
            index = slice(None)
        fresh = isinstance(index, Tensor) and id(index) in self._drawn and self._drawn[id(index)]() is index
        if not fresh and not isinstance(index, slice):
            return
        for piece in out if isinstance(out, list | tuple) else (out,):
            self._take(piece, len(source), id(source), source)

    def _copy(self, args: tuple[Any, ...], out: Any) -> None:
        array = args[0] if args else None
        if not isinstance(array, np.ndarray):
            return
        whole: Any = array.base
        if isinstance(whole, np.ndarray) and whole.ndim == array.ndim and whole.shape[1:] == array.shape[1:]:
            self._take(out, len(whole), id(whole), None)

    def _take(self, piece: Tensor, rows: int, source: int, whole: Tensor | None) -> None:
        if not piece.dim() or len(self._taken) >= MOST:
            return
        at = line_of(caller(0))
        place = piece.storage_offset() if piece._base is not None and whole is not None else -1
        self._taken[id(piece)] = Taken(weakref.ref(piece), rows, source, (at, place, len(piece)), at)

    def _follow(self, args: tuple[Any, ...], out: Tensor) -> None:
        """Rows that were moved, converted or scaled are rows still."""
        given = args[0] if args else None
        found = self._taken.get(id(given))
        if found is None or found.tensor() is not given or len(self._taken) >= MOST:
            return
        if isinstance(given, Tensor) and out.dim() and len(out) == len(given):
            self._taken[id(out)] = found._replace(tensor=weakref.ref(out))
