"""Backward starts from the loss that was computed.

Law: ∂L/∂w is taken of what backward() is called on. A comparison of answers with targets that is computed in a step and
that no backward pass starts from or goes through has no say in any weight, however well it is printed: its descent is
left to chance.

The finding: in every step looked at answers are compared with targets where gradients are wanted, no such comparison is
on the way of a backward pass, and weights are moved all the same. Where one of several comparisons is on the way, the
others may be there to be looked at. Or what backward() is called on is added, in the same step, to another term that
the weights have made and that no pass goes through: the sum was meant. (A running total of losses adds no such term.)
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.directions import LOSSES
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention, place_of
from chainrule.step import Call, Value

FEWEST = 2


def check(case: Case) -> Iterator[Finding]:
    if len(case.steps) < FEWEST or not all(seen.moved for seen in case.steps):
        return
    found = [_lost(seen) for seen in case.steps]
    if not all(found):
        return
    seen, call = case.steps[-1], found[-1][0]
    root = seen.calls[-1]
    began = next((one for one in seen.step.backwards if not one.returned), seen.step.backwards[0])
    numbers = [one[0].output.tensor for one in (found[0], found[-1])]
    lost = {n: float(t.double().mean()) for n, t in zip(("first", "last"), numbers, strict=True) if t is not None}
    yield Finding(
        slug="other-loss",
        title=f"backward() starts from {root.name}, and {call.name} has no part in it",
        where=Where.at(began.at, root.name),
        steps=(case.steps[0].index, case.last),
        evidence={
            "has no part in it": f"{call.name} ({call.where.rpartition('/')[2]})",
            **lost,
            "loss that is sent back, first": case.losses[0],
            "last": case.losses[-1],
        },
        because="only what backward() is called on, and what that was computed from, has a gradient",
        fix="call backward() on the sum of all terms",
        diff="-    penalty.backward()\n+    (loss + penalty).backward()",
        attempts=(Intervention("root", {"source": place_of(call), "was": [*lost.values()]}),) if len(lost) == 2 else (),
    )


def _lost(seen: Seen) -> list[Call]:
    """What was to have a part in the loss, and has none."""
    off, on = _compared(seen)
    return _terms(seen) or (off if not on else [])


def _terms(seen: Seen) -> list[Call]:
    """What the number that backward() starts from is added to: calls of this step that no pass goes through."""
    on_path = {call for backward in seen.step.backwards for call in backward.calls}
    sums = {root.index for backward in seen.step.backwards for root in backward.roots}
    others: dict[int, Call] = {}
    found = []
    for call in seen.step.calls:
        if call in on_path:
            continue
        if call.rule in ("add", "sub") and any(value.index in sums for value in call.values):
            found += [others[value.index] for value in call.values if value.index in others]
        if any(value.index in sums for value in call.values):
            sums |= {value.index for value in call.outputs}
        elif any(value.requires_grad for value in call.values):
            others |= {value.index: call for value in call.outputs if value.numel == 1 and value.requires_grad}
    return found


def _compared(seen: Seen) -> tuple[list[Call], list[Call]]:
    """The comparisons that no backward pass has to do with, and those of whose numbers one makes use."""
    on_path = {call for backward in seen.step.backwards for call in backward.calls}
    used = {value for call in on_path for value in call.values}  # also by a loss that is written by hand
    compared = [
        call
        for call in seen.step.calls
        if call.rule in LOSSES and isinstance(call.arguments.get("target"), Value) and call.output.requires_grad
    ]
    takes_part = [call for call in compared if call in on_path or used & set(call.values)]
    return [call for call in compared if call not in takes_part], takes_part
