"""The loss stays finite, and near where it began or below.

Law: a step w ← w − η·g lowers the loss to first order; beyond 2/(curvature) it throws the weights further up on the
other side of the valley, and every step makes the next one larger. It shows as a loss that leaves its range while the
updates are of the size of the weights themselves: ‖Δw‖ of a third of ‖w‖ and more, where 1e-3 is usual. A loss that
becomes NaN with small updates has another cause and is not told here.

left its range: not finite, or at the end above ten times the first loss; both are beyond what noise of a batch does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from chainrule.breakdown.flow import norm, update_norm
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where

LEFT = 10.0
LARGE = 1 / 3


def check(case: Case) -> Iterator[Finding]:
    result = case.outcome
    if result.steps < 3 or not math.isfinite(result.first):
        return
    gone = result.not_finite is not None or abs(result.last) > LEFT * max(abs(result.first), 1e-30)
    if not gone:
        return
    sizes = [(seen, *_largest(seen)) for seen in case.steps]
    usable = [(seen, ratio, name, rate) for seen, ratio, name, rate in sizes if math.isfinite(ratio)]
    seen, ratio, name, rate = max(usable, key=lambda item: item[1], default=(None, 0.0, "", 0.0))
    if seen is None or ratio < LARGE:
        return
    loss = seen.loss_call() or seen.calls[-1]
    end = (
        f"not finite at step {result.not_finite:,}"
        if result.not_finite is not None
        else f"{result.last:.3g} at the end"
    )
    yield Finding(
        slug="diverged",
        title=f"the steps are too large: the loss went from {result.first:.3g} to {end}",
        where=Where.of(loss, name),
        steps=(seen.index, case.last),
        evidence={
            f"‖change‖/‖weight‖ of {name} at step {seen.index}": ratio,
            "learning rate": rate,
            "lowest loss": result.lowest,
            "at step": result.at,
        },
        because="each step goes past the valley and up its other side, where the gradient is larger still",
        fix="a learning rate ten times smaller, and again where that is not enough; scaled inputs and targets",
    )


def _largest(seen: Seen) -> tuple[float, str, float]:
    """The largest ‖Δw‖/‖w‖ of the step, whose, and its learning rate; weights that are 0 cannot say."""
    found = [(math.nan, "", 0.0)]
    for made in seen.step.updates:
        for index, change in made.parameters.items():
            size = norm(change.before)
            if size > 0 and seen.step.values[index].shape != () and change.before.dim() > 1:
                rate = float(change.settings.get("lr", 0.0))
                found.append((update_norm(change) / size, seen.step.values[index].name, rate))
    return max(found, key=lambda item: item[0] if math.isfinite(item[0]) else -1.0)
