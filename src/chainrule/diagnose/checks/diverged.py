"""The loss stays finite, and near where it began or below.

Law: a step w ← w − η·g lowers the loss to first order; beyond 2/(curvature) it throws the weights further up on the
other side of the valley, and every step makes the next one larger. It shows as a loss that leaves its range while the
updates are of the size of the weights themselves: ‖Δw‖ of a third of ‖w‖ and more, where 1e-3 is usual. A loss that
becomes NaN with small updates, or without having grown before, has another cause and is not told here.

left its range: at the end, or before it became NaN, above ten times the first loss, beyond what noise of a batch does;
or not finite after an update ten times the weights' own size.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from chainrule.diagnose.case import Case
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.motion import largest

LEFT = 10.0
LARGE = 1 / 3
AT_ONCE = 10.0


def check(case: Case) -> Iterator[Finding]:
    result = case.outcome
    if result.steps < 3 or not math.isfinite(result.first):
        return
    before = case.losses if result.not_finite is None else case.losses[: result.not_finite]
    bound = LEFT * max(abs(result.first), 1e-30)
    grew = abs(before[-1]) > bound
    if not grew and result.not_finite is None:
        return
    sizes = [(seen, largest(seen)) for seen in case.steps]
    usable = [(seen, one) for seen, one in sizes if math.isfinite(one.ratio)]
    if not usable:
        return
    seen, (ratio, name, rate, made) = max(usable, key=lambda item: item[1].ratio)
    if made is None or ratio < (LARGE if grew else AT_ONCE):
        return
    loss = seen.loss_call() or seen.calls[-1]
    end = (
        f"not finite at step {case.start + result.not_finite:,}"
        if result.not_finite is not None
        else f"{result.last:.3g} at the end"
    )
    yield Finding(
        slug="diverged",
        title=f"the steps are too large: the loss went from {result.first:.3g} to {end}",
        where=Where.of(loss, name) if not made.made.file else Where.at(made.made, made.optimizer, parameter=name),
        steps=(seen.index, case.last),
        evidence={
            f"‖change‖/‖weight‖ of {name} at step {seen.index}": ratio,
            "learning rate": rate,
            "lowest loss": result.lowest,
            "at step": case.start + result.at,
        },
        because="each step goes past the valley and up its other side, where the gradient is larger still",
        fix="a learning rate ten times smaller, and again where that is not enough; scaled inputs and targets",
        attempts=tuple(Intervention("rate", {"factor": factor}) for factor in (0.1, 0.01, 0.001)),
    )
