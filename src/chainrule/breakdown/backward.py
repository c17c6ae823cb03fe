"""Step 3, backward: the chain rule carries the error from the loss to every weight.

for each call, from the last to the first:
    gradient of its inputs += upstream gradient × local derivative
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import torch

from chainrule.breakdown.notation import Notation
from chainrule.formula import Derivative, Equation, Formula, Sum, Symbol, Transpose, Words
from chainrule.rules import RULES, Bound, Contraction, Elementwise, Gradients, rule_of
from chainrule.rules.losses import PointwiseLoss
from chainrule.step import Argument, Backward, Call, Step, Value

Tensor = torch.Tensor
Flow = Iterator[tuple[Value, Tensor]]
Result = TypeVar("Result")


def propagate(step: Step) -> None:
    """Fill step.gradients: our gradient of the loss with respect to every value, {value index: tensor}.

    A parameter's gradient is the sum over the step's backward passes that delivered to it.
    """
    for backward in step.backwards:
        flows = without_failures(step, lambda backward=backward: reverse(backward))  # type: ignore[misc]
        for index, gradient in flows.items():
            if step.values[index].kind == "result" or index in backward.received:
                add(step.gradients, step.values[index], gradient)
    for index in unknown(step):
        step.gradients.pop(index, None)


def reverse(backward: Backward, magnitudes: bool = False) -> dict[int, Tensor]:
    """The reverse pass: {value index: gradient}.

    With `magnitudes`, every product is taken positive: the sum of the sizes of the terms that the gradient is the sum
    of, against which its rounding is judged.
    """
    flows: dict[int, Tensor] = {}
    for root, seed in zip(backward.roots, backward.seeds, strict=True):
        add(flows, root, seed.abs() if magnitudes else seed)
    for call in reversed(backward.calls):
        upstream = [flows.get(value.index) for value in call.outputs]
        if any(g is not None for g in upstream):
            for value, gradient in sent(call, upstream, magnitudes):
                add(flows, value, gradient)
    return flows


def sent(call: Call, upstream: list[Tensor | None], magnitudes: bool = False) -> Flow:
    """What one call sends to each of its inputs: upstream gradient × local derivative.

    An opaque call sends what autograd's own node sent.
    """
    if call.rule is None:
        for value, g in zip(call.inputs, call.sent or (), strict=False):
            if g is not None:
                yield value, g.abs() if magnitudes else g
        return
    rule = RULES[call.rule]
    yield from _flow(call, rule.magnitude if magnitudes else rule.vjp, upstream)


def sizes(call: Call, upstream: list[Tensor | None]) -> Flow:
    """The sizes of the terms of what one call sends, its upstream gradient taken as exact."""
    if call.rule is None:
        yield from sent(call, upstream, magnitudes=True)
    else:
        yield from _flow(call, RULES[call.rule].scale, upstream)


def _flow(call: Call, product: Callable[..., Gradients], upstream: list[Tensor | None]) -> list[tuple[Value, Tensor]]:
    try:
        with autocast_of(call):
            gradients = product(Bound(call), *upstream)  # None where nothing arrived
        return [one for name, gradient in gradients.items() for one in pair(call.arguments[name], gradient)]
    except Exception as error:
        raise RuleFailed(call) from error


def pair(argument: Argument, gradient: Any) -> Flow:
    """Each Value of an argument with its gradient, in the Value's own shape and dtype."""
    if isinstance(argument, Value):
        if argument.requires_grad and gradient is not None:
            yield argument, gradient if gradient.dtype == argument.dtype else gradient.to(argument.dtype)
    elif isinstance(argument, list | tuple):
        for part, g in zip(argument, gradient, strict=True):
            yield from pair(part, g)


def add(flows: dict[int, Tensor], value: Value, gradient: Tensor) -> None:
    """The sum rule: where a value is used twice, the gradients of both uses are added."""
    before = flows.get(value.index)
    if before is None:
        flows[value.index] = gradient
    elif before.layout == gradient.layout:
        flows[value.index] = before + gradient
    else:
        flows[value.index] = before.to_dense() + gradient.to_dense()


def autocast_of(call: Call) -> Any:
    """Autocast as it was at the call: its products were rounded to that dtype, and so are ours."""
    return torch.autocast("cpu", call.autocast) if call.autocast else contextlib.nullcontext()


# ---------------------------------------------------------------- where a rule fails


class RuleFailed(Exception):
    """The rule of this call raised; its cause says what."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self.call = call


def without_failures(step: Step, compute: Callable[[], Result]) -> Result:
    """What `compute` returns once every call whose rule raises is opaque."""
    while True:
        try:
            return compute()
        except RuleFailed as failed:
            make_opaque(step, failed.call, failed.__cause__)


def make_opaque(step: Step, call: Call, error: BaseException | None) -> None:
    """A rule that raises is no rule: the call is left to autograd, and the step says so.

    What autograd sent to the call's inputs is known where the calls were to be checked alone. Elsewhere `call.sent`
    stays None, and every gradient that would pass through the call is unknown.
    """
    call = step.calls[call.index]  # not a copy of it
    said = f"its rule {call.rule} failed: {type(error).__name__}: {error}"
    call.rule, call.reason, call.arguments = None, said, {"inputs": call.values}
    passes = [backward for backward in step.backwards if call in backward.calls]
    noted = [delivered for b in passes if (delivered := b.delivered.pop(call.index, None)) is not None]
    for backward in passes:
        backward.upstream.pop(call.index, None)
    if len(noted) == len(passes) == 1:
        at = dict(zip((value.index for value in call.inputs), noted[0], strict=True))
        call.sent = [at.pop(value.index, None) for value in call.inputs]  # one sum for all uses of a value
    outcome = "the gradients before it are unknown" if call.sent is None else "autograd's gradients stand in for it"
    place = "".join(f" {word} {part}" for word, part in (("at", call.where), ("in module", call.module)) if part)
    step.problems.append(f"{call.name}{place} is opaque, {outcome}: {said}")


def unknown(step: Step) -> set[int]:
    """The values whose gradient would pass through a call that neither has a rule nor was heard of by autograd."""
    found: set[int] = set()
    for backward in step.backwards:
        reached: set[int] = set()
        for call in reversed(backward.calls):
            silent = call.rule is None and call.sent is None
            if silent or (call.rule is not None and any(value.index in reached for value in call.outputs)):
                reached.update(value.index for value in call.inputs)
        found |= reached
    return found


# ---------------------------------------------------------------- as a reader follows it


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


def backward_rows(notation: Notation) -> list[BackwardRow]:
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
    if all(g is None for g in upstream) or (rule is not None and call.missing(rule.keeps)):
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
