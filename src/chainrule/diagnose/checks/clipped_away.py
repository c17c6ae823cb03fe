"""Clipping cuts off exceptions, not the gradient itself.

Law: clipping scales the gradient to g·c with c < 1 where it is too long. Where it cuts every step, by a factor of ten
and more, it is a learning rate in disguise: w ← w − (η·c)·g.

In every step looked at the gradient used is less than a tenth of the one that arrived, and all steps together are too
short to learn anything (rate-too-low's law), or the weights are near where they began and nothing was learnt. Adam
divides by the size of the gradient and hardly notices; so it is the length of the steps that counts, not the clipping.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from chainrule.breakdown.flow import norm
from chainrule.breakdown.verify import dense
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.motion import NEAR, crawls, travelled, unlearnt

MOST = 0.1


def check(case: Case) -> Iterator[Finding]:
    kept = [_kept(seen) for seen in case.steps if seen.moved]
    if not kept or not 0 < max(kept) < MOST:
        return
    if not crawls(case) and not (unlearnt(case) and travelled(case) < NEAR):
        return
    made, by = case.steps[-1].step.updates[-1], case.steps[-1].step.shortened
    yield Finding(
        slug="clipped-away",
        title=f"clipping leaves {max(kept):.2g} of the gradient, in every step",
        where=Where.at(by, "clipping") if by.file else Where.at(made.at, "step"),
        steps=(case.steps[0].index, case.last),
        evidence={
            "share of the gradient that is used, at most": max(kept),
            "norm of the gradient that arrived": _norms(case.steps[-1])[0],
            "norm of the gradient that was used": _norms(case.steps[-1])[1],
            "first loss": case.outcome.first,
            "last loss": case.outcome.last,
        },
        because="what is cut off is not an exception but the gradient itself: the steps are so much shorter",
        fix="a bound above the usual norm of the gradient, so that it cuts only what is exceptional",
        attempts=(Intervention("unclipped"),),
    )


def _norms(seen: Seen) -> tuple[float, float]:
    """Of our gradient, and of the one that the optimizers used, over the same parameters."""
    both = [(seen.step.gradients.get(i), change.gradient) for i, change in seen.moved.items()]
    pairs = [(norm(own), norm(dense(used))) for own, used in both if own is not None]
    return math.hypot(*(own for own, _ in pairs)), math.hypot(*(used for _, used in pairs))


def _kept(seen: Seen) -> float:
    own, used = _norms(seen)
    return used / own if own > 0 else math.inf
