"""What backward() brings is still there when step() comes.

Law: step() uses .grad as it is at that moment. Where zero_grad() comes between backward() and step(), or step() comes
before backward() and zero_grad() after it, the gradients arrive and are gone: w ← w − η·0.

In every step looked at, every parameter that got a gradient has none, or only zeros, when its optimizer steps; or those
of one of several optimizers. The threshold is none. Which of the two it is, the lines tell: of step(), and of
backward().
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.breakdown.flow import norm
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.step import Backward, Line, Update

FEWEST = 2  # steps
WRITTEN_BETWEEN = "modified by an inplace operation"


def check(case: Case) -> Iterator[Finding]:
    failed = case.failure is not None and WRITTEN_BETWEEN in case.failure.message
    stepped = [seen for seen in case.steps if any(made.optimizer for made in seen.step.updates)]
    losing = _losing(stepped)
    lost = len(stepped) >= FEWEST and (all(map(_is_lost, stepped)) or bool(losing))
    if not stepped or not (lost or (failed and _stepped_first(stepped[-1]))):
        return
    seen = stepped[-1]
    seen = next((one for one in reversed(stepped) if any(made.made in losing for made in one.step.updates)), seen)
    made = next((one for one in seen.step.updates if one.made in losing), seen.step.updates[-1])
    own = {*made.parameters, *made.idle}
    passes = [one for one in seen.step.backwards if own & set(one.received)]
    backward = passes[-1] if passes else seen.step.backwards[-1]
    first = _comes_first(made, backward)
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


def _losing(steps: list[Seen]) -> set[Line]:
    """Where the optimizers were made that never find what a pass brings: one of two, as a GAN has. A step may end
    between its step() and the pass that comes too late."""
    makers = {made.made for seen in steps for made in seen.step.updates if made.optimizer and made.made.file}
    return {line for line in makers if _finds_nothing(steps, line)}


def _finds_nothing(steps: list[Seen], line: Line) -> bool:
    brought = []
    for seen in steps:
        own = [made for made in seen.step.updates if made.made == line]
        if any(norm(change.gradient) for made in own for change in made.parameters.values()):
            return False
        if own:
            brought.append(bool({index for made in own for index in (*made.parameters, *made.idle)} & seen.arrived))
    return len(brought) >= FEWEST and 2 * sum(brought) > len(brought)


def _stepped_first(seen: Seen) -> bool:
    updates, backwards = seen.step.updates, seen.step.backwards
    return bool(updates) and bool(backwards) and _comes_first(updates[-1], backwards[-1])


def _comes_first(made: Update, backward: Backward) -> bool:
    """Whether step() stands before backward() in the script."""
    return made.at.file == backward.at.file and made.at.line < backward.at.line
