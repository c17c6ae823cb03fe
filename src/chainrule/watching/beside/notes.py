"""All that is noted of one step's calls beside its graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from chainrule.step import Aside, Break, Line, Step
from chainrule.watching.beside.asides import COMPARES, READS, Asides, trains
from chainrule.watching.beside.breaks import Breaks
from chainrule.watching.beside.frozen import FrozenWeights
from chainrule.watching.beside.noise import Noises
from chainrule.watching.beside.pairs import Pairs
from chainrule.watching.beside.parts import Parts
from chainrule.watching.beside.switched_off import switched_off
from chainrule.watching.beside.writes import Writes
from chainrule.watching.functions import name_of, tensors_in, writes_in_place
from chainrule.watching.place import Places, caller

Tensor = torch.Tensor


class Notes:
    """`pairs` is kept from step to step; `trained` knows whether a weight had gradients in an earlier training."""

    def __init__(self, pairs: Pairs, trained: Callable[[Tensor], bool]) -> None:
        self.asides = Asides()
        self.writes = Writes()
        self._noises = Noises()
        self._parts = Parts()
        self._pairs = pairs
        self._frozen = FrozenWeights(trained, self._noises.drew)
        self._breaks = Breaks()
        pairs.begin()

    def without_gradient(
        self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], tensors: list[Tensor], out: Any
    ) -> None:
        """A call was made that the graph does not have."""
        self._parts.note(func, args, kwargs, out)
        self._pairs.note(func, args, kwargs, out, self._parts)
        self.asides.copied(func, out)
        self.asides.follow(tensors, tensors_in(out))
        self._noises.note(func, tensors, out)
        self._breaks.note(func, tensors, out)

    def called(
        self,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        places: Places,
        leaves: Mapping[int, Tensor],
    ) -> None:
        """A call was made."""
        self._frozen.note(func, args, kwargs, places)
        self.writes.note(func, args, kwargs, leaves)

    def aside(
        self,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        tensors: list[Tensor],
        out: Any,
        places: Places,
        number_of: Callable[[Tensor], int | None],
    ) -> None:
        """A call whose result has no gradient: note it where what it took has one, where it should not train, or where
        it compares."""
        if self.asides.full or writes_in_place(func):
            return
        source = next((tensor for tensor in tensors if tensor.requires_grad), None)
        trained = not torch.is_grad_enabled() and trains(func, args, kwargs)
        results = list(tensors_in(out))
        told = bool(results) or getattr(func, "__name__", "") in READS  # not how large it is, or of which kind
        compares = source is None and func in COMPARES and torch.is_grad_enabled()
        took = source is not None and told
        if not (took or trained or compares) or any(result.requires_grad for result in results):
            return
        module, file, line = places.here(caller(2))
        if not file:
            return
        number = None if source is None else number_of(source)
        off = Line() if torch.is_grad_enabled() else switched_off(caller(2))
        aside = Aside(name_of(func), module, Line(file, line), number, None, trained, off=off)
        self.asides.add(aside, results, source)

    def fill(self, step: Step, leaves: Mapping[int, Tensor], names: Mapping[int, str]) -> None:
        """Write them down; `leaves` are those of the step by the numbers of their Values, `names` parameters' names by
        their ids."""
        entered = list(leaves.values())
        for index, leaf in leaves.items():
            part, noise = self._parts.of(leaf), self._noises.of(leaf, self._pairs.beside(leaf, entered))
            if part is not None:
                step.parts[index] = part
            if noise is not None:
                step.noises[index] = noise
            if self._noises.random(leaf):
                step.random.add(index)
        step.reordered = self._parts.reordered(leaves)
        step.shortened, step.overwritten = self.writes.shortened, self.writes.overwritten
        step.drawn = self.writes.named(names)
        step.frozen = self._frozen.named(names, step.drawn)
        if self._breaks.first is not None:
            function, at, count = self._breaks.first
            step.broken = Break(name_of(function), at, count)
