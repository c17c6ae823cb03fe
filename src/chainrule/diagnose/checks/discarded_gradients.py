"""Every gradient that is computed is used.

Law: each backward pass costs as much as it can teach; where several passes come before one step(), their gradients
add up in .grad (accumulation). Where the step uses only that of the last pass, the others were cleared unused: the
script steps on few of its batches only, for example only when the loss has improved.

In every step with several passes over the same parameters the gradient used is that of the last, and not the sum, up
to 1 %; there are at least two such steps, and more passes are thrown away than used.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from chainrule.breakdown.verify import dense
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention

EQUAL = 0.01
FEWEST = 2


def check(case: Case) -> Iterator[Finding]:
    several = [seen for seen in case.steps if len(_passes(seen)) > 1 and seen.moved]
    passes = sum(len(_passes(seen)) for seen in case.steps)
    if len(several) < FEWEST or passes < 2 * len(case.steps) or not all(map(_discards, several)):
        return
    made = several[-1].step.updates[-1]
    yield Finding(
        slug="discarded-gradients",
        title=f"of {passes} backward passes only {len(case.steps)} are followed by a step of the optimizer",
        where=Where.at(made.at, "step"),
        steps=(several[0].index, several[-1].index),
        evidence={"backward passes": passes, "steps": len(case.steps)},
        because="the gradients of the other passes are cleared before any weight was moved by them",
        fix="step after every backward pass, not only when the loss has improved",
        diff="-        optimizer.step()\n+    optimizer.step()",
        attempts=(Intervention("step"),),
    )


def _passes(seen: Seen) -> list[dict[int, torch.Tensor]]:
    """What each pass added to .grad; what torch.autograd.grad returned is the script's to use."""
    return [backward.received for backward in seen.step.backwards if not backward.returned]


def _discards(seen: Seen) -> bool:
    passes = _passes(seen)
    judged = 0
    for index, change in seen.moved.items():
        received = [dense(one[index]).double() for one in passes if index in one]
        if len(received) < 2:
            return False
        used, last, whole = dense(change.gradient).double(), received[-1], torch.stack(received).sum(0)
        size = float(torch.maximum(last.norm(), whole.norm()))
        if size == 0:
            continue
        if float((used - last).norm()) > EQUAL * size or float((used - whole).norm()) <= EQUAL * size:
            return False
        judged += 1
    return judged > 0
