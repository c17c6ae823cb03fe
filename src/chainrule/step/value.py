"""One tensor as it was at one moment of the step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

Kind = Literal["parameter", "data", "result"]


@dataclass(slots=True, frozen=True)
class Summary:
    """What is kept of a tensor too large for the run: statistics and its largest entries.

    minimum, maximum, mean, std   over the finite entries, in the tensor's own unit
    not_finite                    number of NaN and infinite entries
    histogram                     counts of finite entries in 32 equal bins from minimum to maximum
    largest                       (flat index, entry) of the entries largest in absolute value
    """

    minimum: float
    maximum: float
    mean: float
    std: float
    not_finite: int
    histogram: tuple[int, ...]
    largest: tuple[tuple[int, float], ...]

    @staticmethod
    def of(tensor: torch.Tensor, largest: int = 8, bins: int = 32) -> Summary:
        flat = tensor.detach().reshape(-1)
        flat = (flat.abs() if flat.is_complex() else flat).double()
        finite = flat[torch.isfinite(flat)]
        if finite.numel() == 0:
            nan = float("nan")
            return Summary(nan, nan, nan, nan, flat.numel(), (), ())
        low, high = float(finite.min()), float(finite.max())
        counts = torch.histc(finite, bins, low, high) if high > low else torch.tensor([float(finite.numel())])
        top = torch.nan_to_num(flat.abs(), 0, 0, 0).topk(min(largest, flat.numel())).indices
        return Summary(
            minimum=low,
            maximum=high,
            mean=float(finite.mean()),
            std=float(finite.std(correction=0)),
            not_finite=flat.numel() - finite.numel(),
            histogram=tuple(int(c) for c in counts),
            largest=tuple((int(i), float(flat[i])) for i in top),
        )


@dataclass(slots=True, eq=False)
class Value:
    """A tensor at one moment: an in-place write makes a new Value.

    index           its number in the step
    shape, dtype    of the tensor
    tensor          the numbers (detached), or None where they were not kept
    requires_grad   whether the loss can depend on it through recorded operations
    kind            a parameter (any leaf that requires grad), data that came from outside, or a call's result
    name            "fc.weight", the user's variable name for data, "" for results
    version         PyTorch's version counter when it was read; tells whether the numbers were overwritten since
    summary         statistics, in a run that was loaded, where the numbers were too large to keep
    """

    index: int
    shape: tuple[int, ...]
    dtype: torch.dtype
    tensor: torch.Tensor | None
    requires_grad: bool
    kind: Kind
    name: str = ""
    version: int | None = None
    summary: Summary | None = None

    @property
    def numel(self) -> int:
        n = 1
        for size in self.shape:
            n *= size
        return n

    @property
    def overwritten(self) -> bool:
        """True when the kept numbers are no longer those of the moment they were read."""
        return self.tensor is not None and self.version is not None and self.tensor._version != self.version

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name or self.index} {tuple(self.shape)} {self.dtype}>"
