"""Which steps are recorded: chosen ones, every N-th, or by default many at the start and ever fewer later."""

from __future__ import annotations

import math
import sys
from bisect import bisect_right
from collections.abc import Iterable

from chainrule.errors import BadOption, OptionConflict

NEVER = sys.maxsize  # no step has this number
_DENSE = 10  # every step up to here
_ROUND = (10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100)  # and from here on these, times powers of ten
_SHARE = 0.1  # of the wall time so far, at most, goes into recording
_GRACE = 1.0  # seconds that recording may take in any case
_JUMP = 10.0
_MOST_STAGES = 5
_MOST_EVENTS = 20  # a loss that jumps all the time would otherwise be recorded at every step


class Schedule:
    """Chooses steps before they run, and notices losses after which the next step is worth recording.

    every   every N-th step, from 0
    steps   these steps
    neither: 0 to 10, then round numbers (12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, …), as long as recording takes
    less than a tenth of the time so far and one second; from the beginning of another stage on (`begin_again`) the
    same, counted from there, with one second more

    events   {step: what happened there}
    low, high   a loss between them is nothing unusual: only others need be shown to `notice`; nan at first
    skipped  number of chosen steps that were passed over for lack of time

    Raises BadOption, OptionConflict.

    An event is the first loss that is not finite, or a jump. The loss jumps at a step when it exceeds
    low + max(9·|low|, |first| / 10), low being the smallest loss since the last event and first the first of all: for
    a positive loss, ten times its low, once that is a tenth of where it started. The low is brought up to date only
    when the loss has halved, so that a loss that falls is nothing to stop at. After an event the low starts anew, so
    that staying up is no second event. At most 20 events.
    """

    def __init__(self, every: int | None = None, steps: Iterable[int] | None = None) -> None:
        if every is not None and steps is not None:
            raise OptionConflict("every", "steps", "both choose the steps to record")
        if every is not None and every < 1:
            raise BadOption("every", every, "steps are counted in whole numbers from 1")
        self._steps = None if steps is None else sorted(set(steps))
        if self._steps and self._steps[0] < 0:
            raise BadOption("steps", self._steps[0], "steps are counted from 0")
        self._every = every
        self._began = self._stages = 0
        self.skipped = 0
        self.events: dict[int, str] = {}
        self.low = self.high = self._lowest = math.nan
        self._floor = 0.0
        self._saw_not_finite = False

    def wants(self, index: int) -> bool:
        """Whether the step is one of those chosen beforehand."""
        return self.next_after(index - 1) == index

    def next_after(self, index: int) -> int:
        """The smallest step chosen that is larger than `index`; NEVER when there is none."""
        index = max(index, -1)
        if self._steps is not None:
            place = bisect_right(self._steps, index)
            return self._steps[place] if place < len(self._steps) else NEVER
        if self._every is not None:
            return (index // self._every + 1) * self._every
        index -= self._began
        if index < _DENSE:
            return self._began + index + 1
        scale = 1
        while index >= _ROUND[-1] * scale:
            scale *= 10
        return self._began + next(number * scale for number in _ROUND if number * scale > index)

    def begin_again(self, index: int) -> None:
        """Another stage of the training begins with this step; of many stages the first few count."""
        if self._stages < _MOST_STAGES:
            self._stages += 1
            self._began = index

    def coarser(self) -> None:
        """Half as many steps from now on, where every N-th was chosen: the run has reached its size."""
        if self._every is not None:
            self._every *= 2

    def allowed(self, spent: float, elapsed: float) -> bool:
        """Whether there is time for one more step, having `spent` seconds on recording in `elapsed` seconds.

        What the user chose is always allowed. Where the answer is no, the step counts as skipped.
        """
        by_choice = self._steps is not None or self._every is not None
        enough = by_choice or spent <= _SHARE * elapsed + _GRACE * (1 + self._stages)
        self.skipped += not enough
        return enough

    def notice(self, index: int, loss: float) -> bool:
        """Whether something happened at this step, so that the next is to be recorded.

        To be asked about every loss that is not between `low` and `high`.
        """
        if self.low < loss <= self.high:  # false for NaN
            return False
        if 0.0 <= loss <= self.low:
            self._stand_at(loss)
            return False
        return self._notice_unusual(index, loss)

    def _notice_unusual(self, index: int, loss: float) -> bool:
        """The loss is a new low below zero, a jump, not finite, or the first."""
        if not math.isfinite(loss):
            first = not self._saw_not_finite
            self._saw_not_finite = True
            return first and self._happened(index, f"the loss became {loss}")
        if math.isnan(self.low):
            self._floor = abs(loss) / _JUMP
        jumped = loss > self.high
        before = self._lowest
        self._stand_at(loss)
        return jumped and self._happened(index, f"the loss jumped from {before:.3g} to {loss:.3g}")

    def _stand_at(self, loss: float) -> None:
        self._lowest = loss
        self.low = loss - abs(loss) / 2
        self.high = loss + max((_JUMP - 1) * abs(loss), self._floor)

    def _happened(self, index: int, what: str) -> bool:
        if len(self.events) >= _MOST_EVENTS:
            return False
        self.events[index] = what
        return True
