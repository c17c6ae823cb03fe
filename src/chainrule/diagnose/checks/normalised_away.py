"""What is normalised has more than one number.

Law: softmax over one number is e^z/e^z = 1, a mean and spread taken of one number leave 0: the output is the same
whatever the input, so every partial is 0 and nothing in front gets a gradient. Cross-entropy over one class is
−ln 1 = 0 for the same reason: a loss of exactly 0 from the first step on. So it is where the mean, the sum or the like
are written by hand: x − x.mean(0) of a batch of one sample.

The threshold is none. It must be so in every call of that place in every step looked at: attention over a sequence that
begins with one word is as it should be. Of what is written by hand the numbers must be all 0 (or 1) in each of them, no
parameter in front may get a gradient on another way, and the network must not have learnt its targets all the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from chainrule.breakdown.flow import norm
from chainrule.breakdown.verify import dense
from chainrule.diagnose.answers import late_answers
from chainrule.diagnose.case import Case, Seen, tells
from chainrule.diagnose.checks.softmax_over_samples import axis, is_softmax
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.layers import moves_only
from chainrule.step import Call, Value

FEWEST = 3  # steps
LEARNT = 0.5  # of the targets' spread: more than a beginning
ROUNDING = 1e-5  # of what one of the two ways sends: g − g·x/Σx in float32, Σx of one number
REDUCES = {
    *("sum", "mean", "nansum", "nanmean", "logsumexp", "norm", "vector_norm", "linalg_norm"),
    *("amax", "amin", "max_along_axis", "min_along_axis"),
}


def check(case: Case) -> Iterator[Finding]:
    places: dict[tuple[str, int, str, str], list[tuple[Call, bool]]] = {}
    for _, call in case.calls():
        count = normalised(call)
        if count is not None:
            places.setdefault((call.file, call.line, call.module, call.name), []).append((call, count == 1))
    for found in places.values():
        if not all(alone for _, alone in found):
            continue
        call = found[0][0]
        is_loss = call.rule in ("cross_entropy", "nll_loss")
        yield Finding(
            slug="normalised-away",
            title=f"{call.name} normalises over a single number: its result is the same whatever comes in",
            where=Where.of_layer(call),
            steps=(case.steps[0].index, case.last),
            evidence={
                "input": list(call.arguments["input"].shape),
                "numbers normalised together": 1,
                "result": 0.0 if is_loss or not is_softmax(call) else 1.0,
            },
            because="a number divided by itself is 1, and one less its own mean is 0: the slope is 0 everywhere, so "
            "the chain rule sends exactly 0 to all that lies in front",
            fix="one output with binary_cross_entropy_with_logits, or one output for each class with cross_entropy"
            if is_loss
            else "for one output sigmoid, or none at all; normalise over an axis that has several numbers",
            attempts=()
            if is_loss
            else (Intervention.at(call, "instead", function="sigmoid"), Intervention.at(call, "skip")),
        )
        return
    yield from _by_hand(case)


def _by_hand(case: Case) -> Iterator[Finding]:
    """x − mean(x) and x / Σx, where what is taken together is one number."""
    places: dict[tuple[str, int, str, str], list[tuple[Call, Value | None]]] = {}
    for seen, call in case.calls():
        if call.rule in ("sub", "div"):
            at = (call.file, call.line, call.module, call.name)
            own = _own(seen, call)
            lost = own is not None and _is_lost(seen, call, own)
            places.setdefault(at, []).append((call, own if lost else None))
    for found in places.values():
        whole = len(found) >= max(FEWEST, len(case.steps)) and all(own is not None for _, own in found)
        if not whole or late_answers(case).explained > LEARNT:
            continue
        call, own = found[0]
        assert own is not None
        yield Finding(
            slug="normalised-away",
            title=f"{call.name} sets each number against itself: its result is "
            f"{0 if call.rule == 'sub' else 1} whatever comes in",
            where=Where.of_layer(call),
            steps=(case.steps[0].index, case.last),
            evidence={
                "shape": list(own.shape),
                "numbers taken together": 1,
                "result": 0.0 if call.rule == "sub" else 1.0,
                "gradient of what lies in front": 0.0,
            },
            because="the mean or the sum of one number is the number itself, so what tells the samples apart is taken "
            "away; the two ways back through it cancel, and no weight in front gets a gradient",
            fix="take the mean over several numbers: a batch of more than one sample where it is that of the batch, "
            "or another axis",
            diff="-    DataLoader(data, batch_size=1)\n+    DataLoader(data, batch_size=32)"
            if own.shape and own.shape[0] == 1
            else "",
        )
        return


def _own(seen: Seen, call: Call) -> Value | None:
    """The value that enters both operands: one as it is, the other by its sum (mean, …) over single numbers."""
    given, value = call.arguments.get("input"), call.arguments.get("other")
    if not isinstance(given, Value) or not isinstance(value, Value) or given.numel != value.numel:
        return None
    as_it_is = {given.index}
    made = seen.producer(given)
    while made is not None and moves_only(made):
        as_it_is.add(made.inputs[0].index)
        made = seen.producer(made.inputs[0])
    alone = False
    while not (alone and value.index in as_it_is):
        made = seen.producer(value)
        if made is None or len(made.values) != 1 or made.values[0].numel != value.numel:
            return None
        alone |= made.rule in REDUCES
        value = made.values[0]
    return value


def _is_lost(seen: Seen, call: Call, own: Value) -> bool:
    """Whether the result is the same number throughout, of numbers that differ, and the weights in front of it get no
    gradient."""
    out, given, divisor = call.output.tensor, own.tensor, call.arguments["other"].tensor
    arriving = seen.gradient(call.output)
    if out is None or given is None or divisor is None or arriving is None or not tells(own):
        return False
    if bool((out != (0 if call.rule == "sub" else 1)).any()):
        return False
    sent = arriving if call.rule == "sub" else arriving.reshape(-1) / divisor.reshape(-1)
    before = [value for value in seen.made_of(own) if value.kind == "parameter"]
    most = ROUNDING * norm(sent) * norm(given)
    return bool(before) and all(_pull(seen, value) <= most for value in before)


def _pull(seen: Seen, parameter: Value) -> float:
    """‖g‖·‖w‖, which is of one unit for all weights."""
    gradient = seen.step.gradients.get(parameter.index)
    if gradient is None:
        return 0.0
    return norm(dense(gradient)) * norm(parameter.tensor) if parameter.tensor is not None else math.inf


def normalised(call: Call) -> int | None:
    """How many numbers the call normalises together; None where it does not."""
    given = call.arguments.get("input")
    if not isinstance(given, Value) or not given.shape:
        return None
    if is_softmax(call):
        return given.shape[axis(call)]
    match call.rule:
        case "layer_norm" | "rms_norm":
            return math.prod(call.arguments["normalized_shape"]) if call.rule == "layer_norm" else None
        case "group_norm":
            return math.prod(given.shape[1:]) // int(call.arguments["num_groups"])
        case "instance_norm":
            return math.prod(given.shape[2:])
        case "cross_entropy":
            return given.shape[1] if len(given.shape) > 1 else None
    return None
