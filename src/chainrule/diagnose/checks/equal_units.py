"""The units of a layer differ.

Law: two units of a hidden layer with the same weights in and the same weights out compute the same number and get the
same gradient, so that an update leaves them equal: for ever (Goodfellow, Bengio & Courville, Deep Learning, 2016,
section 8.4). A layer of n such units has the strength of one. Where all weights are 0, not even that: behind a layer of
zeros all activations are equal, before one every gradient is Wᵀδ = 0, and only the last bias learns. So it is with two
tables of zeros that are multiplied with each other: the slope by each is the other.

Equal means in the first and in the last step looked at, to a millionth of the layer's largest weight, which rounding
explains. The last layer is not judged: its rows are told apart by the targets, also if it begins with zeros. Nor is a
network that has learnt nine tenths of its targets' spread: one unit was enough.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from chainrule.breakdown.verify import dense
from chainrule.diagnose.answers import late_answers
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.step import Call, Value

LAYERS = {"linear", "addmm", "matmul", "conv1d", "conv2d", "conv3d"}
EQUAL = 1e-6
LEARNT = 0.9


def check(case: Case) -> Iterator[Finding]:
    if len(case.steps) < 2 or late_answers(case).explained > LEARNT:
        return
    first, last = case.steps[0], case.steps[-1]
    names = [name for _, name, _ in _equal(last)]
    found = [(call, name, units) for call, name, units in _equal(first) if name in names]
    if not found:
        yield from _both_zero(case)
        return
    call, name, units = found[0]
    weight = first.step.parameters[name].tensor
    assert weight is not None
    all_zero = not bool(weight.any())
    yield Finding(
        slug="equal-units",
        title=f"all {units} units of {name.rpartition('.')[0] or name} are and stay the same",
        where=Where.of(call, name),
        steps=(first.index, last.index),
        evidence={
            "units": units,
            "largest difference of their weights, last step": _difference(last.step.parameters[name].tensor, call),
            "layers": ", ".join(part for _, part, _ in found),
            "weights, first step": "all 0" if all_zero else float(weight.flatten()[0]),
        },
        because="weights of 0 send back 0, Wᵀδ = 0, so that only the last bias moves"
        if all_zero
        else "equal weights get equal gradients and stay equal: the layer is no more than a single unit",
        fix="leave the weights as PyTorch draws them, or xavier_uniform_, kaiming_uniform_; only biases may be 0",
        diff="-    nn.init.constant_(layer.weight, …)\n+    nn.init.xavier_uniform_(layer.weight)",
        attempts=(Intervention("draw", {"parameters": [part for _, part, _ in found]}),),
    )


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
        where=Where.of(call, names[0]),
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


def _equal(seen: Seen) -> list[tuple[Call, str, int]]:
    """(call, name of the weight, units) of the hidden layers with equal units, in order."""
    layers = [(call, weight) for call in seen.calls if (weight := _weight(call)) is not None]
    found = []
    for call, weight in layers[:-1]:
        units = weight.shape[_axis(call)]
        if units > 1 and weight.tensor is not None and _difference(weight.tensor, call) <= EQUAL:
            found.append((call, weight.name, units))
    return found


def _weight(call: Call) -> Value | None:
    if call.rule not in LAYERS:
        return None
    return next((v for v in call.values if v.kind == "parameter" and len(v.shape) > 1 and v.name), None)


def _axis(call: Call) -> int:
    """The axis of the units: 0 of a layer's weight, the last of a matrix that is multiplied from the right."""
    return 0 if call.rule == "linear" or str(call.rule).startswith("conv") else -1


def _difference(weight: torch.Tensor | None, call: Call) -> float:
    """The largest difference between a unit's weights and those of the first one, by the largest weight."""
    assert weight is not None
    rows = weight.movedim(_axis(call), 0)
    size = float(weight.abs().max())
    return float((rows - rows[:1]).abs().max()) / size if size > 0 else 0.0
