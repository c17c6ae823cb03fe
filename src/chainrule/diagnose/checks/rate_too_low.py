"""The steps are long enough to get down the slope within the run.

Law: to first order a step lowers the loss by −Σ g·Δw. Where all these falls together, over the whole run, are less than
a tenth of the first loss, the run could not have learnt anything, whatever else is right: either there is no slope (a
plateau, a dead layer), or the steps are too short. Too short they are where moving the weights would move the loss:
‖g‖·‖w‖/|L| above 0.01 in every step looked at, so that a change of all weights by their own size would do, and the
weights have not gone a tenth of their size from where they began.

The thresholds are shares of the loss and of the weights, so that neither's unit matters.
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.diagnose.case import Case
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.motion import FALL, crawls, elasticity, largest, reach


def check(case: Case) -> Iterator[Finding]:
    if not crawls(case):
        return
    seen = case.steps[-1]
    ratio, name, rate, made = largest(seen)
    could = reach(case)
    if made is None or not made.optimizer:
        return
    needed = len(case.losses) * FALL / could if could > 0 else float("inf")
    yield Finding(
        slug="rate-too-low",
        title=f"the steps are too short: all together could lower the loss by {max(could, 0):.2g} of itself",
        where=Where.at(made.made, made.optimizer, parameter=name),
        steps=(case.steps[0].index, case.last),
        evidence={
            "learning rate": rate,
            f"‖change‖/‖weight‖ of {name} at step {seen.index}": ratio,
            "steps for a fall of a tenth": needed,
            "first loss": case.outcome.first,
            "last loss": case.outcome.last,
            "change of the loss by a change of the weights, in shares": elasticity(seen),
        },
        because="the gradient is there and points down, but w ← w − η·g with so small an η hardly moves",
        fix="a larger learning rate: ten times, and again where that is not enough",
        attempts=tuple(Intervention("rate", {"factor": factor}) for factor in (10.0, 100.0, 1000.0, 10000.0)),
    )
