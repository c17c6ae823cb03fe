"""One tensor as it was at one moment of the step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch

Kind = Literal["parameter", "data", "result"]


SAMPLE = 16_384  # entries that mean, std and histogram are taken over
BLOCK = 1024


@dataclass(slots=True, frozen=True)
class Summary:
    """What is kept of a tensor too large for the run. Complex numbers are summarised by their absolute values.

    minimum, maximum   over all entries, in the tensor's own unit; over the finite ones where not all are
    mean, std          over an even sample of at most SAMPLE entries
    not_finite         number of NaN and infinite entries
    histogram          counts of that sample in 32 equal bins from minimum to maximum
    largest            (flat index, entry) of the entries largest in absolute value
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
        flat = flat.abs() if flat.is_complex() else flat if flat.dtype.is_floating_point else flat.float()
        if flat.numel() == 0:
            return Summary(math.nan, math.nan, math.nan, math.nan, 0, (), ())
        low, high, top = _extremes(flat, largest)
        not_finite = 0
        if not (math.isfinite(low) and math.isfinite(high)):  # NaN and infinities go through minimum and maximum
            finite = torch.isfinite(flat)
            not_finite = int((~finite).sum())
            if not_finite == flat.numel():
                return Summary(math.nan, math.nan, math.nan, math.nan, not_finite, (), ())
            flat = torch.where(finite, flat, flat[finite][0])
            low, high, top = _extremes(flat, largest)
        sample = flat[:: -(-flat.numel() // SAMPLE)].double()
        counts = torch.histc(sample, bins, low, high) if high > low else torch.tensor([float(sample.numel())])
        return Summary(
            minimum=low,
            maximum=high,
            mean=float(sample.mean()),
            std=float(sample.std(correction=0)),
            not_finite=not_finite,
            histogram=tuple(int(c) for c in counts.tolist()),
            largest=tuple(zip(top.tolist(), flat[top].tolist(), strict=True)),
        )


def _extremes(flat: torch.Tensor, largest: int) -> tuple[float, float, torch.Tensor]:
    """Minimum, maximum, and where the entries of largest absolute value are, in one pass over the tensor."""
    whole = flat.numel() // BLOCK * BLOCK
    tail = torch.arange(whole, flat.numel(), device=flat.device)
    if whole == 0:
        low, high = torch.aminmax(flat)
        return float(low), float(high), tail[flat.abs().topk(min(largest, flat.numel())).indices]
    lows, highs = torch.aminmax(flat[:whole].view(-1, BLOCK), dim=1)
    blocks = torch.maximum(-lows, highs).topk(min(largest, len(lows))).indices
    places = torch.cat([(blocks[:, None] * BLOCK + torch.arange(BLOCK, device=flat.device)).reshape(-1), tail])
    candidates = flat[places]
    low, high = torch.aminmax(torch.cat([lows, highs, flat[whole:]]))
    return float(low), float(high), places[candidates.abs().topk(min(largest, len(places))).indices]


@dataclass(slots=True, eq=False)
class Value:
    """A tensor at one moment: an in-place write makes a new Value.

    index           its number in the step
    shape, dtype    of the tensor
    tensor          the numbers (detached), or None where they were not kept
    requires_grad   whether the loss can depend on it through recorded operations
    kind            a parameter (any leaf that requires grad), data that came from outside, or a call's result
    name            "fc.weight", the user's variable name for data, "" for results
    owned           whether a module has it, as a parameter or a buffer: no data of the batch
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
    owned: bool = False
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
