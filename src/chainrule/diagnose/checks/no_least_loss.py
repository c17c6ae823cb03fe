"""The loss has a least value.

Law: descent ends where ∂L/∂w = 0. A loss with no bound below has no such place: w ← w − η·∂L/∂w lowers it for ever,
further with each step, and whatever else is in the sum is drowned. So it is with a likelihood that is minimised instead
of its negative, with the wrong sign in one term (a log σ, a KL divergence), with a critic that nothing bounds.

The finding: the loss falls for ever (motion.falls_for_ever), under one optimizer, as two players may well lower one's
loss for long. A log density that is learnt falls below 0, too, but ever more slowly.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.motion import FEWEST, falls_for_ever
from chainrule.step import Call, Value

LINEAR = {"add", "sub", "rsub", "neg", "mul", "div"}


def check(case: Case) -> Iterator[Finding]:
    if len(case.losses) < FEWEST or not case.steps or not falls_for_ever(case.losses):
        return
    if any(len([made for made in seen.step.updates if made.optimizer]) != 1 for seen in case.steps):
        return
    seen = case.steps[-1]
    term = _largest_term(seen)
    yield Finding(
        slug="no-least-loss",
        title=f"the loss falls without end: from {case.losses[0]:.3g} to {case.losses[-1]:.3g}",
        where=Where.of(term),
        steps=(case.steps[0].index, case.last),
        evidence={
            "loss, first": case.losses[0],
            "loss, last": case.losses[-1],
            "its largest term": f"{term.name}: {_number(term.output):.4g}",
        },
        because="nothing bounds it below, so that every step finds a lower one, and the weights grow for ever",
        fix="look at the sign of its largest term: a log likelihood needs a minus, log σ in a Gaussian's a plus, "
        "a KL divergence is added",
        attempts=(Intervention.at(term, "after", function="neg"),) if not term.output.shape else (),
    )


def _largest_term(seen: Seen) -> Call:
    """Down from the loss, to the larger summand or factor each time: the first call that is no sum or multiple."""
    call = seen.calls[-1]
    while call.rule in LINEAR:
        parts = [
            (value, made) for value in call.inputs if not value.shape and (made := seen.producer(value)) is not None
        ]
        if not parts:
            break
        _, call = max(parts, key=lambda part: abs(_number(part[0])))
    return call


def _number(value: Value) -> float:
    return float(value.tensor) if value.tensor is not None and value.numel == 1 else math.nan
