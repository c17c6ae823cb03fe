"""Which data of a step are other data with random numbers on them, drawn in that very step, as a denoiser's inputs."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import torch

from chainrule.step import Line, Noise
from chainrule.watching.alive import Known
from chainrule.watching.place import caller, line_of

Tensor = torch.Tensor
MOST = 256  # tensors of a step, of either kind
WIDTH = 256  # numbers by which rows are told apart
TOGETHER = 0.3  # correlation; noise as large as the data leaves 0.7
DRAWS = {torch.randn, torch.rand, torch.randn_like, torch.rand_like, torch.normal, torch.bernoulli}
JOINS = {"add", "sub", "mul", "where", "masked_fill"}
SCALES = {"mul", "div", "truediv"}
SPREADS = SCALES | {"add", "sub", "pow"}  # random numbers stay random, whatever number each of them meets


class Noisy(NamedTuple):
    """Noise was put on `clean`, which may be `scaled` data that nobody keeps."""

    clean: weakref.ref[Tensor]
    scaled: weakref.ref[Tensor] | None
    at: Line

    def before(self) -> Tensor | None:
        clean = self.clean()
        return clean if clean is not None or self.scaled is None else self.scaled()


class Noises:
    """Those of one step."""

    def __init__(self) -> None:
        self._drawn: Known[Tensor, None] = Known()  # also what was computed of nothing else
        self._scaled: Known[Tensor, weakref.ref[Tensor]] = Known()
        self._noisy: Known[Tensor, Noisy] = Known()
        self._memory: set[int] = set()  # where drawn numbers lie

    def note(self, function: Callable[..., Any], given: Iterable[Tensor], out: Any) -> None:
        """A call without a gradient was made."""
        if not isinstance(out, Tensor) or len(self._drawn) + len(self._noisy) >= MOST:
            return
        if function in DRAWS:
            self._draw(out)
            return
        name, tensors = getattr(function, "__name__", "").strip("_r"), list(given)
        if self._drawn:
            self._join(name, tensors, out)
        if name in SCALES and out not in self._drawn and len(self._scaled) < MOST:
            base = next((tensor for tensor in tensors if tensor.shape == out.shape), None)
            if base is not None and all(tensor is base or tensor.numel() < out.numel() for tensor in tensors):
                self._scaled[out] = weakref.ref(base)

    def _join(self, name: str, given: list[Tensor], out: Tensor) -> None:
        others = [tensor for tensor in given if tensor not in self._drawn]
        few = name in SPREADS and all(tensor.numel() < out.numel() for tensor in others)
        if given and (not others or (few and len(others) < len(given))):
            self._draw(out)
            return
        noisy = next((found for tensor in others if (found := self._noisy.get(tensor)) is not None), None)
        if noisy is not None and out.numel() == others[0].numel():  # clipped, moved, noise of a second kind
            self._noisy[out] = noisy
        elif len(others) < len(given) and name in JOINS:
            clean = next((tensor for tensor in others if tensor.shape == out.shape and tensor is not out), None)
            if clean is not None:
                self._noisy[out] = Noisy(weakref.ref(clean), self._scaled.get(clean), line_of(caller(1)))

    def _draw(self, out: Tensor) -> None:
        self._drawn[out] = None
        self._memory.add(out.data_ptr())

    def random(self, tensor: Tensor) -> bool:
        """Whether all of its numbers were drawn in this step, or computed of such."""
        return tensor in self._drawn

    def drew(self, weight: Tensor) -> bool:
        """Whether its numbers lie where some were drawn: a table that was handed to a layer."""
        return weight.data_ptr() in self._memory

    def of(self, tensor: Tensor, beside: Iterable[tuple[Tensor, Line]] = ()) -> Noise | None:
        """What is known of a tensor that entered a call, where the script still has what it was before; or what of
        those taken `beside` it goes with it."""
        found = self._noisy.get(tensor)
        if found is not None:
            clean = found.before()
            return None if clean is None or not _is_alike(tensor, clean) else _noise(tensor, clean, found.at)
        for other, at in beside:
            if _is_alike(tensor, other) and tensor.is_floating_point() and _goes_with(tensor, other):
                return _noise(tensor, other, at, beside=True)
        return None


def _is_alike(tensor: Tensor, clean: Tensor) -> bool:
    same = clean.shape == tensor.shape and clean.dim() > 0 and clean.numel() > 0
    return same and not clean.is_complex() and not tensor.is_complex()


def _noise(tensor: Tensor, clean: Tensor, at: Line, beside: bool = False) -> Noise:
    with torch._C.DisableTorchFunction(), torch.no_grad():
        spread = float(clean.double().std(correction=0))
        away = float((tensor.double() - clean.double()).std(correction=0))
        rows = len(clean.reshape(len(clean), -1)[:, :WIDTH].unique(dim=0))
    return Noise(at, away / spread if spread > 0 else 0.0, rows, beside)


def _goes_with(tensor: Tensor, other: Tensor) -> bool:
    """Whether numbers at the same places rise and fall together."""
    with torch._C.DisableTorchFunction(), torch.no_grad():
        both = torch.stack([tensor.double().flatten(), other.double().flatten()])
        return both.shape[1] > 2 and float(torch.corrcoef(both)[0, 1]) > TOGETHER
