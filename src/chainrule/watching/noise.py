"""Which data of a step are other data with random numbers on them, drawn in that very step, as a denoiser's inputs."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import torch

from chainrule.step import Line, Noise
from chainrule.watching.place import caller, line_of

Tensor = torch.Tensor
MOST = 64  # tensors of a step, of either kind
WIDTH = 256  # numbers by which rows are told apart
DRAWS = {torch.randn, torch.rand, torch.randn_like, torch.rand_like, torch.normal, torch.bernoulli}
JOINS = {"add", "sub", "mul", "where", "masked_fill"}


class Noisy(NamedTuple):
    tensor: weakref.ref[Tensor]
    clean: weakref.ref[Tensor]
    at: Line


class Noises:
    """Those of one step."""

    def __init__(self) -> None:
        self._drawn: dict[int, weakref.ref[Tensor]] = {}
        self._noisy: dict[int, Noisy] = {}
        self._memory: set[int] = set()  # where drawn numbers lie

    def note(self, function: Callable[..., Any], given: Iterable[Tensor], out: Any) -> None:
        """A call without a gradient was made."""
        if not isinstance(out, Tensor) or len(self._drawn) + len(self._noisy) >= MOST:
            return
        if function in DRAWS:
            self._draw(out)
        elif self._drawn:
            self._join(function, list(given), out)

    def _join(self, function: Callable[..., Any], given: list[Tensor], out: Tensor) -> None:
        others = [tensor for tensor in given if not self._is_drawn(tensor)]
        if given and not others:
            self._draw(out)
            return
        noisy = next((found for tensor in others if (found := self._of(tensor)) is not None), None)
        if noisy is not None and out.numel() == others[0].numel():  # clipped, moved, noise of a second kind
            self._noisy[id(out)] = noisy._replace(tensor=weakref.ref(out))
        elif len(others) < len(given) and getattr(function, "__name__", "").strip("_r") in JOINS:
            clean = next((tensor for tensor in others if tensor.shape == out.shape and tensor is not out), None)
            if clean is not None:
                self._noisy[id(out)] = Noisy(weakref.ref(out), weakref.ref(clean), line_of(caller(1)))

    def _draw(self, out: Tensor) -> None:
        self._drawn[id(out)] = weakref.ref(out)
        self._memory.add(out.data_ptr())

    def drew(self, weight: Tensor) -> bool:
        """Whether its numbers lie where some were drawn: a table that was handed to a layer."""
        return weight.data_ptr() in self._memory

    def of(self, tensor: Tensor) -> Noise | None:
        """What is known of a tensor that entered a call, where the script still has what it was before."""
        found = self._of(tensor)
        clean = None if found is None else found.clean()
        if found is None or clean is None or clean.shape != tensor.shape or not clean.dim() or not clean.numel():
            return None
        if clean.is_complex() or tensor.is_complex():
            return None
        with torch._C.DisableTorchFunction(), torch.no_grad():
            spread = float(clean.double().std(correction=0))
            away = float((tensor.double() - clean.double()).std(correction=0))
            rows = len(clean.reshape(len(clean), -1)[:, :WIDTH].unique(dim=0))
        return Noise(found.at, away / spread if spread > 0 else 0.0, rows)

    def _is_drawn(self, tensor: Tensor) -> bool:
        ref = self._drawn.get(id(tensor))
        return ref is not None and ref() is tensor

    def _of(self, tensor: Tensor) -> Noisy | None:
        found = self._noisy.get(id(tensor))
        return found if found is not None and found.tensor() is tensor else None
