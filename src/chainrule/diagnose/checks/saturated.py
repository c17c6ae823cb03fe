"""The bends have a slope where their numbers are.

Law: σ'(z) = a(1 − a) is 1/4 at z = 0 and 0.25 % at |z| = 6; tanh'(z) = 1 − a² is 1 at 0 and 0.1 % at |z| = 4. A layer
whose numbers lie out there multiplies the gradient by nearly 0, and what lies before does not learn. The cause is in z
= W·x: weights that are too large, or inputs that are; where those are the data, unscaled_inputs.py tells of it.

The finding: of nineteen twentieths of all numbers of a bend between two layers the slope is below a hundredth of its
largest value, in the first step looked at and in the last, and the answers are not known to explain half of the
targets' spread, or leave twice as much of it as simple answers do: the layers behind learn a little by themselves. Of
several bends in a row, each flat for more than half of its numbers, what counts is the share of ways through all of
them: Π(1 − share) below a twentieth. A bend that is sure of itself because the network has learnt is as it should be.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from math import prod
from typing import NamedTuple

from chainrule.diagnose import layers
from chainrule.diagnose.answers import all_answers, late_answers
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.motion import KNOWS
from chainrule.step import Call

FLAT = 0.01  # of the largest slope
NEARLY_ALL = 0.95
MANY = 0.5
BENDS = ("sigmoid", "tanh", "rnn_tanh_cell")
TWICE = 2.0
LARGE = 3.0  # mean size of inputs: of standardised ones it is 0.8
USUAL = 2.0  # of 1/√n, a weight's standard deviation; what xavier_uniform_ and kaiming_normal_ draw is 1 to 1.4


class Flat(NamedTuple):
    """A bend, the share of its numbers that lie where it is flat, the layer in front, and how large its inputs are."""

    call: Call
    share: float
    before: Call | None
    size: float


def check(case: Case) -> Iterator[Finding]:
    found = flattest(case)
    if found is None or is_by_inputs(case, found):  # unscaled_inputs.py tells of those
        return
    call, share, before, size = found
    first = case.steps[0]
    given = call.arguments["input"].tensor
    matrices = [name for name, value in first.step.parameters.items() if len(value.shape) > 1]
    large = size > LARGE
    yield Finding(
        slug="saturated",
        title=f"{share:.0%} of the numbers of {call.name} lie where it is flat",
        where=(_drawn(first, before) if not large else None) or Where.of_layer(call),
        steps=(first.index, case.last),
        evidence={
            "share of numbers with a slope below a hundredth of the largest": share,
            "mean size of what goes in": float(given.abs().mean()) if given is not None else float("nan"),
            "mean size of the inputs of the layer before": size,
        },
        because="each factor of the chain rule here is nearly 0, so next to nothing of the error reaches the weights "
        "in front",
        fix="inputs scaled to mean 0 and spread 1" if large else "smaller weights at the start (xavier_uniform_)",
        attempts=(
            Intervention.at(before, "standardise", argument="input", whole=False)
            if large
            else Intervention("draw", {"parameters": matrices}),
        )
        if before is not None
        else (),
    )


def flattest(case: Case) -> Flat | None:
    """The first bend of which nearly all numbers lie where it is flat, or the flattest of those that leave no way
    together; None where the network knows its targets all the same."""
    if not case.steps or _knows(case):
        return None
    first, last = case.steps[0], case.steps[-1]
    still = {(call.file, call.line, call.module): share for call, share in _saturated(last)}
    found = [(call, share) for call, share in _saturated(first) if (call.file, call.line, call.module) in still]
    whole = [(call, share) for call, share in found if share >= NEARLY_ALL <= still[call.file, call.line, call.module]]
    ways = prod(1 - share for _, share in found), prod(1 - share for _, share in _saturated(last))
    if not whole and max(ways) > 1 - NEARLY_ALL:
        return None
    call, share = whole[0] if whole else max(found, key=lambda pair: pair[1])
    before = call if call.rule == "rnn_tanh_cell" else _layer_before(first, call)
    inputs = before.arguments.get("input") if before is not None else None
    size = float(inputs.tensor.abs().mean()) if inputs is not None and inputs.tensor is not None else math.nan
    return Flat(call, share, before, size)


def is_by_inputs(case: Case, flat: Flat) -> bool:
    """Whether the layer in front takes the data as they are, which are large, by weights that are not."""
    first, before = case.steps[0], flat.before
    if before is None or not flat.size > LARGE or before.arguments.get("input") is not first.batch.data:
        return False
    matrices = [value for value in before.values if value.kind == "parameter" and len(value.shape) > 1]
    return all(layers.size(value) < USUAL for value in matrices)


def _knows(case: Case) -> bool:
    """Whether it explains half of the spread, and leaves no more than twice what simple answers leave."""
    known, attainable = late_answers(case).explained, all_answers(case).attainable
    return known > KNOWS and not 1 - known > TWICE * (1 - attainable)


def _drawn(first: Seen, before: Call | None) -> Where | None:
    """Where the script wrote the weights in front of the bend."""
    if before is None:
        return None
    return Where.of_weights(before, [v.name for v in before.values if v.kind == "parameter"], first.step)


def _layer_before(seen: Seen, bend: Call) -> Call | None:
    """The nearest call in front that has a weight matrix, over sums and biases."""
    todo = [seen.producer(value) for value in bend.inputs]
    while todo:
        call = todo.pop(0)
        if call is None or any(value.kind == "parameter" and len(value.shape) > 1 for value in call.values):
            if call is not None:
                return call
            continue
        todo += [seen.producer(value) for value in call.inputs]
    return None


def _saturated(seen: Seen) -> Iterator[tuple[Call, float]]:
    """Bends between two layers, with the share of their numbers that have no slope to speak of, where that is large."""
    last = seen.origin(seen.notation.prediction) if seen.notation.prediction is not None else None
    for call in seen.calls:
        out = call.output.tensor
        if call.rule not in BENDS or call is last or out is None or not out.numel():
            continue
        slope = 4 * out * (1 - out) if call.rule == "sigmoid" else 1 - out * out
        share = float((slope < FLAT).double().mean())
        if share > MANY:
            yield call, share
