"""The loss is a function of the weights.

Law: an addend of the loss without a graph is a constant for the chain rule, ∂(c + r)/∂w = ∂r/∂w: what trains is the
rest r alone, which is often a small penalty, however well the sum is called a loss.

The finding: in the late steps looked at more than MOST of the loss is data, in none of them less than half, and nothing
in the rest compares an answer with data. That is the comparison which was lost, if the network's results were read as
plain numbers (detach(), NumPy, tolist()) that enter no other call, while the constant differs from step to step: they
came back as numbers. Or if two tensors of data were compared: a loss function was given no result, or layers that are
trained are called and lead nowhere, or where gradients are switched off, which then is the place. Constants beside a
comparison, the entropy of a teacher, a penalty on data alone and the volume that a flow's data were stretched by leave
both as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean
from typing import NamedTuple

from chainrule.diagnose.case import Case, Seen, tells
from chainrule.diagnose.directions import LOSSES
from chainrule.diagnose.finding import Finding, Where
from chainrule.step import Aside, Call, Line, Value

MOST = 0.9  # of the loss: what is left is of a penalty's size. Entropies of a teacher are at most a half
HALF = 0.5  # a loss that no step lowers is small in some batches all the same
FEWEST = 2  # late steps
SAME = 1e-4  # of its size: a constant that went through Python
READS = {"tolist", "numpy", "__array__", "detach", "data"}  # item() and float() are of one number, to be printed
SUMS = {"add", "sub", "rsub"}
THROUGH = {"neg", "mean", "sum", "view", "reshape", "squeeze", "stack"}
SCALED = {"mul", "div"}
COMPARE = {"sub", "rsub", "mul", "gather", "getitem", "cosine_similarity", "matmul", "where"}


class Addend(NamedTuple):
    """A part of the loss that is data, how much of the loss it is, and the call that adds it."""

    call: Call
    value: Value
    amount: float
    share: float


def check(case: Case) -> Iterator[Finding]:
    if len(case.late) < FEWEST or not all(seen.moved for seen in case.steps):
        return
    found = [_largest(seen) for seen in case.late]
    addends = [one for one in found if one is not None]
    shares = [one.share for one in addends]
    if len(addends) < len(found) or fmean(shares) <= MOST or min(shares) <= HALF:
        return
    if len({one.call.where for one in addends}) > 1 or any(_compares(seen) for seen in case.steps):
        return
    made = [_made_by(seen, added) for seen, added in zip(case.late, addends, strict=True)]
    read = _read_in_all(case) if not all(made) and _differ([one.amount for one in addends]) else None
    lost = [_lead_nowhere(seen) for seen in case.steps]
    added = addends[-1]
    if read is None and not all(made) and not all(lost):
        return
    place = read or made[-1]
    off = _without_gradients(case.steps[-1]) if read is None and not all(lost) else None
    yield Finding(
        slug="constant-term",
        title=f"{fmean(one.share for one in addends):.0%} of the loss is data: no weight has a part in it",
        where=Where.at(off.off, "torch.no_grad", off.module)
        if off is not None
        else Where.at(place.at, place.name, place.module)
        if place is not None
        else Where.of(added.call),
        steps=(case.steps[0].index, case.last),
        evidence={
            **({"read as plain numbers": f"{read.name}, line {read.at.line}"} if read is not None else {}),
            **({"called for nothing": lost[-1][-1].module or lost[-1][-1].name} if read is None and all(lost) else {}),
            **({"called without gradients": f"{off.name}, line {off.at.line}"} if off is not None else {}),
            "added as data": f"{added.value.name or 'a tensor'} ({added.call.where.rpartition('/')[2]})",
            "its share of the loss": added.share,
            "loss, last": case.losses[-1],
        },
        because="an addend without a graph is a constant for the chain rule: ∂L/∂w is that of the small rest alone",
        fix="compute it with torch calls from the network's results, without detach(), NumPy or tolist()"
        if read is not None
        else "compute it of the network's output: it compares two tensors of data with each other",
        diff=""
        if read is not None
        else "-    loss = mse_loss(x, target) + penalty\n+    loss = mse_loss(prediction, target) + penalty",
    )


def _made_by(seen: Seen, added: Addend) -> Aside | None:
    """The comparison of data with data that the addend is the result of, where one was noted."""
    return next((one for one in seen.step.asides if one.source is None and one.result == added.value.index), None)


def _without_gradients(seen: Seen) -> Aside | None:
    """The first call of the step that took a trained weight where gradients were switched off."""
    return next((aside for aside in seen.step.asides if aside.off.file and aside.source in seen.moved), None)


def _largest(seen: Seen) -> Addend | None:
    """The largest of the loss's addends that are data."""
    return max(_addends(seen), key=lambda one: one.share, default=None)


def _addends(seen: Seen) -> Iterator[Addend]:
    """Those of the last pass's root: through sums, means and factors that are plain numbers."""
    loss = seen.step.loss
    todo, done = list(seen.step.backwards[-1].roots[:1]), set[int]()
    while todo:
        call = seen.producer(todo.pop())
        if call is None or call.index in done:
            continue
        done.add(call.index)
        results = [value for value in call.values if value.kind == "result"]
        if call.rule in THROUGH or (
            call.rule in SCALED and all(v.kind == "result" or v.numel == 1 for v in call.values)
        ):
            todo += results
        elif call.rule in SUMS:
            todo += results
            others = [value for value in call.values if value.kind == "data" and not value.owned]
            amount = _amount(seen, call, others[0]) if len(others) == len(results) == 1 else math.nan
            if math.isfinite(amount) and math.isfinite(loss) and amount:
                yield Addend(call, others[0], amount, abs(amount) / (abs(amount) + abs(loss - amount)))


def _amount(seen: Seen, call: Call, value: Value) -> float:
    """What this addend brings to the loss."""
    g, c = seen.gradient(call.output), value.tensor
    if g is None or c is None or g.is_complex() or not c.dtype.is_floating_point:
        return math.nan
    taken = call.rule == "sub" and call.arguments.get("other") is value
    taken |= call.rule == "rsub" and call.arguments.get("input") is value
    factor = float(call.arguments.get("alpha") or 1) if call.arguments.get("other") is value else 1.0
    return (-factor if taken else factor) * float((g.double() * c.double()).sum())


def _compares(seen: Seen) -> bool:
    """Whether anything in front of the loss compares or weighs an answer with data."""
    for call in seen.calls:
        if call.rule in LOSSES and isinstance(call.arguments.get("target"), Value):
            return True
        data = [v for v in call.values if v.kind == "data" and tells(v) and not v.owned]
        if call.rule in COMPARE and data and any(value.kind == "result" for value in call.values):
            return True
    return False


def _differ(numbers: list[float]) -> bool:
    return max(numbers) - min(numbers) > SAME * max(map(abs, numbers))


def _read_in_all(case: Case) -> Aside | None:
    """What the first step reads of the network's results as plain numbers, if all do."""
    reads = [_reads(seen) for seen in case.steps]
    return next((aside for at, aside in reads[0].items() if all(at in one for one in reads)), None)


def _reads(seen: Seen) -> dict[tuple[Line, str], Aside]:
    """By place and name; those whose numbers enter no call of the step."""
    used = {value.index for call in seen.step.calls for value in call.values}
    found = {}
    for aside in seen.step.asides:
        value = seen.step.values[aside.source] if aside.source is not None else None
        result = value is not None and value.kind == "result" and value.numel > 1
        if result and aside.name.rpartition(".")[2] in READS and aside.result not in used:
            found[aside.at, aside.name] = aside
    return found


def _lead_nowhere(seen: Seen) -> list[Call]:
    """The calls of layers that no backward pass goes through, where an optimizer waits for their weights, or where
    nothing on the way of the pass is computed of data, as with a penalty on the weights alone."""
    on_path = {call for backward in seen.step.backwards for call in backward.calls}
    idle = {index for made in seen.step.updates for index in made.idle}
    off = [call for call in seen.step.calls if call not in on_path]
    waiting = [call for call in off if any(value.index in idle for value in call.values)]
    layers = [call for call in off if any(v.index in seen.moved for v in call.values)]
    added = {one.value for one in _addends(seen)}
    fed = any(value.kind == "data" and value not in added for call in on_path for value in call.values)
    return waiting or ([] if fed else layers)
