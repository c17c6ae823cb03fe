"""What is normalised has more than one number.

Law: softmax over one number is e^z/e^z = 1, a mean and spread taken of one number leave 0: the output is the same
whatever the input, so every partial is 0 and nothing in front gets a gradient. Cross-entropy over one class is
−ln 1 = 0 for the same reason: a loss of exactly 0 from the first step on.

The threshold is none. It must be so in every call of that place in every step looked at: attention over a sequence that
begins with one word is as it should be.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from chainrule.diagnose.case import Case
from chainrule.diagnose.checks.softmax_over_samples import axis, is_softmax
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.step import Call, Value


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
            where=Where.of(call),
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
