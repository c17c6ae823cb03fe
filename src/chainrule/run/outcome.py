"""What the losses of a run say, in plain facts: where it began, where it ended, since when it has been flat."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

FLAT = 0.01  # a curve is flat where it stays within this share of the whole fall


@dataclass(frozen=True, slots=True)
class Outcome:
    """The facts of a loss curve.

    steps         number of training steps
    first, last   the loss of the first and of the last step
    lowest, at    the lowest finite loss, and its step
    flat_since    the first step from which on the loss stays within FLAT·|first − last| of the last; None where that
                  is only the last fifth of the run
    not_finite    the first step whose loss is NaN or infinite, or None
    """

    steps: int
    first: float
    last: float
    lowest: float
    at: int
    flat_since: int | None
    not_finite: int | None

    @property
    def fell_to(self) -> float | None:
        """last / first, for losses above zero."""
        return self.last / self.first if self.first > 0 and self.last >= 0 else None


def outcome(losses: Sequence[float]) -> Outcome:
    if not losses:
        nan = math.nan
        return Outcome(0, nan, nan, nan, 0, None, None)
    not_finite = next((i for i, loss in enumerate(losses) if not math.isfinite(loss)), None)
    finite = [(loss, i) for i, loss in enumerate(losses) if math.isfinite(loss)]
    lowest, at = min(finite, default=(math.nan, 0))
    first, last = losses[0], losses[-1]
    flat = None
    if not_finite is None and len(losses) >= 20:
        band = max(FLAT * abs(first - last), 1e-6 * abs(last))
        flat = len(losses)
        while flat > 0 and abs(losses[flat - 1] - last) <= band:
            flat -= 1
        if flat > 0.8 * len(losses):
            flat = None
    return Outcome(len(losses), first, last, lowest, at, flat, not_finite)
