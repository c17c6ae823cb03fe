"""The units of a layer differ.

Law: two units of a hidden layer with the same weights in and the same weights out compute the same number and get the
same gradient, so that an update leaves them equal: for ever (Goodfellow, Bengio & Courville, Deep Learning, 2016,
section 8.4). A layer of n such units has the strength of one. Where all weights are 0, not even that: behind a layer of
zeros all activations are equal, before one every gradient is Wᵀδ = 0, and only the last bias learns. So it is with two
tables of zeros that are multiplied with each other: the slope by each is the other. And of two tables of equal columns,
P·Qᵀ, each column gets the gradient of the next: the product stays of rank one.

Equal means from the first step looked at through a third of the run, to a hundredth of the layer's largest weight:
rounding makes small differences, and those grow. What begins with zeros on purpose differs after a step or two. The
last layer is not judged: its rows are told apart by the targets, also if it begins with zeros. Nor is a network that
has learnt nine tenths of its targets' spread: one unit was enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch

from chainrule.breakdown.verify import dense
from chainrule.diagnose.answers import late_answers
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.layers import weight_of
from chainrule.step import Call, Value

LAYERS = {"embedding", "linear", "addmm", "matmul", "conv1d", "conv2d", "conv3d"}
EQUAL = 0.01
PART = 3  # of the run: one of so many
LEARNT = 0.9


class Equal(NamedTuple):
    """A layer, its weight, the axis along which that does not differ, and how many units those are."""

    call: Call
    weight: Value
    axis: int
    units: int


def check(case: Case) -> Iterator[Finding]:
    if len(case.steps) < 2 or late_answers(case).explained > LEARNT:
        return
    first, later = case.steps[0], _after_a_part(case)
    still = _equal(later)  # by their place: what has no name may be called otherwise in each step
    found = {place: one for place, one in _equal(first).items() if place in still}
    if not found:
        yield from _both_zero(case)
        return
    place, (call, value, axis, units) = next(iter(found.items()))
    weight = value.tensor
    end = still[place].weight.tensor
    assert weight is not None
    assert end is not None
    all_zero = not bool(weight.any())
    names = [one.weight.name for one in found.values()]
    yield Finding(
        slug="equal-units",
        title=f"all {units} units of {value.name.rpartition('.')[0] or value.name} are and stay the same",
        where=Where.of_weights(call, [value.name], first.step) or Where.of_layer(call, value.name),
        steps=(first.index, later.index),
        evidence={
            "units": units,
            f"largest difference of their weights, step {later.index}": _difference(end, axis),
            "layers": ", ".join(names),
            "weights, first step": "all 0" if all_zero else float(weight.flatten()[0]),
        },
        because="weights of 0 send back 0, Wᵀδ = 0, so that only the last bias moves"
        if all_zero
        else "equal weights get equal gradients and stay equal: the layer is no more than a single unit",
        fix="leave the weights as PyTorch draws them, or xavier_uniform_, kaiming_uniform_; only biases may be 0",
        diff="-    nn.init.constant_(layer.weight, …)\n+    nn.init.xavier_uniform_(layer.weight)",
        attempts=(Intervention("draw", {"parameters": names}),),
    )


def _after_a_part(case: Case) -> Seen:
    """The first step looked at that has a part of the run behind it."""
    enough = (seen for seen in case.steps if (seen.index - case.start) * PART >= len(case.losses) - 1)
    return next(enough, case.steps[-1])


def _both_zero(case: Case) -> Iterator[Finding]:
    """Tables that are 0 and get a gradient of exactly 0 in every step, as two that are multiplied with each other."""
    dead = [_dead(seen) for seen in case.steps]
    names = [name for name in dead[0] if all(name in one for one in dead)]
    if not names:
        return
    first = case.steps[0]
    value = first.step.parameters[names[0]]
    call = next(call for call in first.calls if value in call.values)
    yield Finding(
        slug="equal-units",
        title=f"{' and '.join(names[:3])}: all 0, and a gradient of 0 in every step",
        where=Where.of_weights(call, names, first.step) or Where.of_layer(call, names[0]),
        steps=(first.index, case.last),
        evidence={"weights, first and last step": "all 0", "their gradient, in every step": 0.0},
        because="the slope of a product a·b by a is b: where both are 0, so are both gradients, for ever",
        fix="draw them, as torch does, or with a small spread (nn.init.normal_(weight, std=0.1))",
        diff="-    nn.init.zeros_(embedding.weight)\n+    nn.init.normal_(embedding.weight, std=0.1)",
        attempts=(Intervention("draw", {"parameters": names}),),
    )


def _dead(seen: Seen) -> list[str]:
    """The weight matrices of optimizers that are all 0, as their gradients are."""
    found = []
    for index, change in seen.moved.items():
        value, gradient = seen.step.values[index], seen.step.gradients.get(index)
        zero = value.owned and len(value.shape) > 1 and gradient is not None and not change.before.any()
        if zero and gradient is not None and not dense(gradient).any():
            found.append(value.name)
    return found


def _equal(seen: Seen) -> dict[int, Equal]:
    """The hidden layers with equal units, and the tables with equal columns, by their place among the calls."""
    layers = [(call, weight) for call in seen.calls if (weight := _weight(call)) is not None]
    found = {}
    for place, (call, weight) in enumerate(layers):
        is_last = place == len(layers) - 1
        axes = [-1] if _is_table(seen, call, weight) else [] if is_last else [_axis(call)]
        for axis in axes:
            units = weight.shape[axis]
            if units > 1 and weight.tensor is not None and _difference(weight.tensor, axis) <= EQUAL:
                found[place] = Equal(call, weight, axis, units)
    return found


def _weight(call: Call) -> Value | None:
    if call.rule not in LAYERS:
        return None
    return next((v for v in call.values if v.kind == "parameter" and len(v.shape) > 1 and v.name), None)


def _is_table(seen: Seen, call: Call, weight: Value) -> bool:
    """Whether its rows stand for things, and are multiplied with those of another table: no data is multiplied."""
    if call.rule == "embedding":
        return True
    others = [value for value in call.values if value is not weight]
    return call.rule == "matmul" and all(weight_of(seen, value) is not None for value in others)


def _axis(call: Call) -> int:
    """The axis of the units: 0 of a layer's weight, the last of a matrix that is multiplied from the right."""
    return 0 if call.rule == "linear" or str(call.rule).startswith("conv") else -1


def _difference(weight: torch.Tensor, axis: int) -> float:
    """The largest difference between a unit's weights and those of the first one, by the largest weight."""
    rows = weight.movedim(axis, 0)
    size = float(weight.abs().max())
    return float((rows - rows[:1]).abs().max()) / size if size > 0 else 0.0
