"""Numbers stay numbers.

Law: whatever enters a sum with NaN is NaN, and through the chain rule one such number reaches every weight before it in
the same step. So the call to mend is the first: it takes finite numbers and gives NaN or an infinity (log 0, 0/0, an
exp that overflows, the square root of a negative), or a finite upstream gradient and sends on one that is not (√x at 0,
whose slope is 1/(2√x); the norm of a zero vector).

From the loss back along the calls, as long as an input is not finite; where the loss is finite, along the gradients. An
infinity that a script writes itself (the −∞ of a mask) is none. The threshold is none. Where it is the data that hold
NaN, the call is the first without a gradient that made such numbers of finite ones, in that step or before the first.

Where that step was not recorded, the last one before it tells which call was nearest to where its function or slope
ends: the smallest input of log, √ and a divisor, beside their root mean square; the largest of exp, beside what
overflows. Unless the loss was running away already: then whatever comes first overflows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch

from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.step import Call, Value

Tensor = torch.Tensor
POSITIVE = ("log", "sqrt")  # are finite, slope and all, where what they are given is kept above 0
LIMITS = {"log", "sqrt", "rsqrt", "reciprocal", "div", "exp"}  # end, or have a slope that does, where they are given 0
RUNS_AWAY = 10.0  # times its first value
ADVICE = {
    "log": "keep it above 0: log(x + ε), or the function of torch that computes with logits",
    "sqrt": "keep it above 0: sqrt(x + ε); its slope at 0 is infinite",
    "norm": "its slope at 0 is 0/0: sqrt(x.square().sum() + ε)",
    "div": "keep the divisor away from 0: x/(y + ε)",
    "exp": "bound what is given to exp, or use logsumexp, softmax, log_softmax, which subtract the largest first",
    "pow": "keep the base above 0",
}


def check(case: Case) -> Iterator[Finding]:
    looked_at = _looked_at(case)
    for seen in looked_at:
        if not _begins_finite(seen):
            break  # from here on every number is NaN: its cause lies in an earlier step
        found = _forward(seen) or _backward(seen)
        if found is not None:
            yield _finding(case, seen, *found)
            return
    yield from _not_recorded(case, looked_at)
    yield from _all_alike(case)


def _all_alike(case: Case) -> Iterator[Finding]:
    """What was divided by an infinity is 0: in each step a call without a gradient gives one, and all the data that the
    network takes are one number."""
    steps = case.steps
    broken = steps[0].step.broken if steps else None
    data = [seen.batch.data.tensor if seen.batch.data is not None else None for seen in steps]
    if broken is None or any(seen.step.broken is None for seen in steps):
        return
    if any(t is None or t.numel() < 2 or bool((t != t.flatten()[0]).any()) for t in data):
        return
    yield Finding(
        slug="not-finite",
        title=f"{broken.name} gives numbers that are not finite, and after it all data are the same",
        where=Where.at(broken.at, broken.name),
        steps=(steps[0].index, case.last),
        evidence={
            "not finite in what it gave": broken.count,
            "all numbers that the network takes": float(data[0].flatten()[0]) if data[0] is not None else math.nan,
            "loss": case.losses[-1],
        },
        because="what is divided by an infinity is 0, whatever it was: equal inputs get equal answers, and their "
        "gradients cancel",
        fix="compute it in float32, or of numbers that are scaled before: half precision ends at 65,504",
    )


def _begins_finite(seen: Seen) -> bool:
    return all(map(_finite, seen.step.parameters.values()))


def _looked_at(case: Case) -> list[Seen]:
    """The steps looked at, with those recorded at and right before the first loss that is not finite."""
    first = case.outcome.not_finite
    known = {seen.index for seen in case.steps}
    near = {case.start + first - 1, case.start + first} & set(case.history.steps) - known if first is not None else ()
    added = [seen for index in near if (seen := Seen.of(case.history.read(index))).step.backwards]
    return sorted([*case.steps, *added], key=lambda seen: seen.index)


def _finding(case: Case, seen: Seen, call: Call, bad: Value, backward: bool) -> Finding:
    leaf = bad.kind != "result" and not backward
    made = (seen.step.broken or case.steps[0].step.broken) if leaf and bad.kind == "data" else None
    kind = next((part for part in ADVICE if part in (made.name if made is not None else str(call.rule))), "")
    numbers = {value.name or f"input {i}": _range(value.tensor) for i, value in enumerate(call.values)}
    what = "the gradient that it sends on" if backward else "its result"
    if made is not None:
        title = f"{made.name} is the first to give numbers that are not finite, and they are among the data"
    elif leaf:
        title = f"{bad.name or 'the data'} holds NaN or infinities before anything is computed"
    else:
        title = f"{call.name} is the first to give a number that is not finite" + (", in backward" if backward else "")
    gradient = seen.gradient(bad) if backward else bad.tensor
    return Finding(
        slug="not-finite",
        title=title,
        where=Where.of(call, bad.name if bad.kind == "parameter" else "")
        if made is None
        else Where.at(made.at, made.name),
        steps=(seen.index, case.last),
        evidence={
            **numbers,
            f"not finite in {'it' if leaf else what}": 0 if gradient is None else int((~gradient.isfinite()).sum()),
            **({"not finite in what it gave": made.count} if made is not None else {}),
            "at step": seen.index,
            "loss": seen.step.loss,
        },
        because="NaN stays NaN through every sum and product, so that the chain rule carries it to all weights before "
        "this call in one step, and from then on every number is NaN",
        fix="find the samples that hold it, and leave them out or fill them in"
        if leaf and not kind
        else ADVICE.get(kind, "keep its input where the function and its slope are finite"),
        attempts=_attempts(call, leaf, kind),
    )


def _attempts(call: Call, leaf: bool, kind: str) -> tuple[Intervention, ...]:
    if leaf:
        return (Intervention.at(call, "before", function="nan_to_num"),)
    if kind in POSITIVE:
        return (Intervention.at(call, "before", function="clamp", options={"min": 1e-6}),)
    return ()


def _forward(seen: Seen) -> tuple[Call, Value, bool] | None:
    """The first call on the way to the loss with a result that is not finite, or one that takes a leaf that is not."""
    root = seen.notation.loss
    if root is None or _finite(root):
        return None
    call, bad = seen.producer(root), root
    while call is not None:
        before = next((value for value in call.values if _broken(value)), None)
        if before is None:
            before = next((value for value in call.values if not _finite(value) and not _written(seen, value)), None)
        if before is None:
            return call, bad, False
        made = seen.producer(before)
        if made is None:
            return call, before, False
        call, bad = made, before
    return None


def _backward(seen: Seen) -> tuple[Call, Value, bool] | None:
    """The first call, on the way back, that sends on a gradient that is not finite, where that comes to a parameter."""
    arrived = (seen.gradient(value) for value in seen.step.parameters.values())
    if all(g is None or bool(g.isfinite().all()) for g in arrived):
        return None
    for call in reversed(seen.calls):
        upstream = [seen.gradient(value) for value in call.outputs]
        if any(g is not None and not bool(g.isfinite().all()) for g in upstream) or not any(
            g is not None for g in upstream
        ):
            continue
        for value in call.inputs:
            sent = seen.gradient(value)
            if sent is not None and not bool(sent.isfinite().all()):
                return call, value, True
    return None


def _not_recorded(case: Case, looked_at: list[Seen]) -> Iterator[Finding]:
    """The step itself was not recorded: those before it are finite, those after it began with weights that are not."""
    if case.outcome.not_finite is None or not case.steps:
        return
    at = case.start + case.outcome.not_finite
    if at in case.history.steps and all(_begins_finite(seen) for seen in looked_at if seen.index == at):
        return
    seen = case.steps[-1]
    near = _nearest(case, at)
    call = near[1] if near is not None else seen.loss_call() or seen.calls[-1]
    yield Finding(
        slug="not-finite",
        title=f"the loss became {case.history.losses[at]} at step {at:,}, and what made it so was not recorded"
        + (f"; before, {call.name} was nearest to its limit" if near is not None else ""),
        where=Where.of(call),
        steps=(at, at),
        evidence={
            "loss before": case.history.losses[at - 1] if at > case.start else "none",
            "loss": case.history.losses[at],
            **({f"{call.name} at step {near[0]}": f"given {near[2]}"} if near is not None else {}),
        },
        because="the first call that gave a number that is not finite lies in that step",
        fix=f"record it: chainrule run --steps {max(at - 1, 0)},{at} SCRIPT",
        missing=(max(at - 1, 0), at),
    )


def _nearest(case: Case, at: int) -> tuple[int, Call, str] | None:
    """The last recorded step before, its call that is nearest to its limit, and the range of what that was given."""
    before = max((index for index in case.history.steps if case.start <= index < at), default=None)
    if before is None or not case.history.losses[at - 1] < RUNS_AWAY * abs(case.losses[0]):
        return None
    seen = Seen.of(case.history.read(before))
    found = []
    for call in seen.calls:
        value = _critical(call)
        if value is not None and value.tensor is not None and value.tensor.numel() and not _guarded(seen, value):
            found.append((_margin(call, value.tensor.double()), call.index, call, value))
    if not found:
        return None
    _, _, call, value = min(found)
    return before, call, _range(value.tensor)


def _critical(call: Call) -> Value | None:
    """What must keep away from a limit for this call to stay finite, slope and all."""
    name = "other" if call.rule == "div" else "input"
    value, exponent = call.arguments.get(name), call.arguments.get("exponent", 2)
    ends = call.rule in LIMITS or (call.rule == "pow" and isinstance(exponent, float) and not exponent >= 1)
    return value if ends and isinstance(value, Value) and value.dtype.is_floating_point else None


def _guarded(seen: Seen, value: Value) -> bool:
    """x + ε and what is clamped keep away."""
    made = seen.origin(value)
    added = made is not None and made.rule == "add" and isinstance(made.arguments.get("other"), float)
    return added or (made is not None and str(made.rule).startswith("clamp"))


def _margin(call: Call, t: Tensor) -> float:
    """How far from its limit the nearest number is, as a share of their size."""
    if call.rule == "exp":
        return 1 - float(t.max()) / math.log(torch.finfo(call.output.dtype).max)
    size = float(t.square().mean().sqrt()) or 1.0
    return float(t.abs().min() if call.rule in ("div", "reciprocal") else t.min()) / size


def _finite(value: Value) -> bool:
    tensor = value.tensor
    return tensor is None or not tensor.is_floating_point() or bool(tensor.isfinite().all())


def _broken(value: Value) -> bool:
    return value.tensor is not None and value.tensor.is_floating_point() and bool(value.tensor.isnan().any())


def _written(seen: Seen, value: Value) -> bool:
    """An infinity that the script wrote: data of its own, or an argument of the call that made it."""
    call = seen.producer(value)
    if call is None:
        return value.kind == "data"
    given: list[Any] = list(call.arguments.values())
    return any(isinstance(one, float) and one in (float("inf"), -float("inf")) for one in given) or any(
        not _finite(one) and _written(seen, one) for one in call.values
    )


def _range(tensor: Tensor | None) -> str:
    if tensor is None or not tensor.numel() or tensor.is_complex():
        return "not kept"
    return f"{float(tensor.min()):.4g} to {float(tensor.max()):.4g}"
