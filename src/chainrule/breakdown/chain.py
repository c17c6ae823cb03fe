"""Step 3 as a reader follows it: at every call, upstream gradient × local derivative, from the loss down."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from chainrule.breakdown.backward import sent
from chainrule.breakdown.notation import Notation
from chainrule.breakdown.partials import has_numbers
from chainrule.formula import Derivative, Equation, Formula, Sum, Symbol, Transpose, Words
from chainrule.rules import Contraction, Elementwise, rule_of
from chainrule.rules.losses import PointwiseLoss
from chainrule.step import Call, Value

Tensor = torch.Tensor


@dataclass(frozen=True, slots=True)
class BackwardRow:
    """What one call sends to one of its inputs.

    formula    ∂L/∂z = ∂L/∂ŷ·∂ŷ/∂z
    gradient   what this call sends; None where the numbers it needs were not kept
    total      the gradient of the value: the sum over all of its uses
    uses       how many calls use the value
    """

    call: Call
    value: Value
    formula: Equation
    gradient: Tensor | None
    total: Tensor | None
    uses: int


def backward(notation: Notation) -> list[BackwardRow]:
    """Every call from the loss down, with what it sends to each of its inputs."""
    step = notation.step
    uses: dict[int, int] = {}
    for call in notation.calls:
        for index in {value.index for value in call.inputs}:
            uses[index] = uses.get(index, 0) + 1
    rows = []
    with torch.no_grad():
        for call in reversed(notation.calls):
            gradients = _sent(notation, call)
            for value in dict.fromkeys(call.inputs):
                gradient, total = gradients.get(value.index), step.gradients.get(value.index)
                rows.append(
                    BackwardRow(call, value, _formula(notation, call, value), gradient, total, uses[value.index])
                )
    return rows


def _sent(notation: Notation, call: Call) -> dict[int, Tensor]:
    upstream = [notation.step.gradients.get(v.index) for v in call.outputs]
    rule = rule_of(call)
    if all(g is None for g in upstream) or (rule is not None and not all(has_numbers(call, n) for n in rule.keeps)):
        return {}
    total: dict[int, Tensor] = {}
    for value, g in sent(call, upstream):
        total[value.index] = total[value.index] + g if value.index in total else g
    return total


def _formula(notation: Notation, call: Call, value: Value) -> Equation:
    loss = notation[notation.loss] if notation.loss is not None else Symbol("L")
    left = Derivative(loss, notation[value])
    is_loss = notation.loss is not None and call.output.index == notation.loss.index
    upstream = Derivative(loss, notation[call.output])
    if call.rule is None:
        return Equation((left, Words(f"sent by autograd through {call.name}")))
    if is_loss:  # the upstream gradient is 1: what is left is the loss's own partial
        rule = rule_of(call)
        name = next((n for n, a in call.arguments.items() if a is value), "")
        if rule is not None and name in rule.partials:
            return Equation((left, notation.inside(call, rule.partials[name])))
    return Equation((left, _local(notation, call, value, upstream)))


def _local(notation: Notation, call: Call, value: Value, upstream: Formula) -> Formula:
    rule = rule_of(call)
    name = next((n for n, a in call.arguments.items() if a is value), "")
    if isinstance(rule, Contraction):
        if name == rule.added:
            return upstream if value.shape == call.output.shape else Sum("n", upstream)
        first = name == rule.operands[0]
        other = notation[call.arguments[rule.operands[1] if first else rule.operands[0]]]
        if rule.name == "linear":
            return upstream @ other if first else Transpose(upstream) @ other
        return upstream @ Transpose(other) if first else Transpose(other) @ upstream
    product = upstream * Derivative(notation[call.output], notation[value])
    broadcast = isinstance(rule, Elementwise | PointwiseLoss) and value.numel < call.output.numel
    return Sum("n", product) if broadcast else product
