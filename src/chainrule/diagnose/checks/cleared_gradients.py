"""What backward() brings is still there when step() comes.

Law: step() uses .grad as it is at that moment. Where zero_grad() comes between backward() and step(), or step() comes
before backward() and zero_grad() after it, the gradients arrive and are gone: w ← w − η·0.

In every step looked at, every parameter that got a gradient has none, or only zeros, when its optimizer steps. The
threshold is none. Which of the two it is, the lines tell: of step(), and of backward().
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.breakdown.flow import norm
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention

FEWEST = 2  # steps
WRITTEN_BETWEEN = "modified by an inplace operation"


def check(case: Case) -> Iterator[Finding]:
    failed = case.failure is not None and WRITTEN_BETWEEN in case.failure.message
    stepped = [seen for seen in case.steps if any(made.optimizer for made in seen.step.updates)]
    lost = len(stepped) >= FEWEST and all(map(_is_lost, stepped))
    if not stepped or not (lost or (failed and _comes_first(stepped[-1]))):
        return
    seen = stepped[-1]
    made, backward = seen.step.updates[-1], seen.step.backwards[-1]
    first = _comes_first(seen)
    yield Finding(
        slug="cleared-gradients",
        title="the optimizer steps before the gradients are there"
        if first
        else "the gradients are cleared before the optimizer uses them",
        where=Where.at(made.at, "step"),
        steps=(case.steps[0].index, case.last),
        evidence={
            "step() is called at": str(made.at),
            "backward() is called at": str(backward.at),
            "largest gradient that arrived": max(norm(g) for g in backward.received.values()),
            "largest gradient that was used": max((norm(c.gradient) for c in made.parameters.values()), default=0.0),
        },
        because="step() uses what .grad holds at that moment, and that is nothing: "
        + ("backward() comes after it" if first else "zero_grad() comes between backward() and step()"),
        fix="the order is optimizer.zero_grad(), loss.backward(), optimizer.step()",
        diff="+    optimizer.zero_grad()\n     loss.backward()\n+    optimizer.step()",
        attempts=(Intervention("step"),) if first else (Intervention("keep"), Intervention("step")),
    )


def _is_lost(seen: Seen) -> bool:
    """Whether everything that arrived was gone at the step of the optimizer that has it."""
    arrived = [index for index in seen.arrived if seen.optimizer_of(index) is not None]
    moved = seen.moved
    return bool(arrived) and not any(i in moved and norm(moved[i].gradient) != 0 for i in arrived)


def _comes_first(seen: Seen) -> bool:
    """Whether step() stands before backward() in the script."""
    if not seen.step.updates or not seen.step.backwards:
        return False
    step, backward = seen.step.updates[-1].at, seen.step.backwards[-1].at
    return step.file == backward.file and step.line < backward.line
