"""Step 3, backward: the chain rule carries the error from the loss to every weight.

    for each call, from the last to the first:
        gradient of its inputs += upstream gradient × local derivative
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch

from chainrule.rules import RULES, Bound
from chainrule.step import Argument, Backward, Call, Step, Value

Tensor = torch.Tensor
Flow = Iterator[tuple[Value, Tensor]]


def propagate(step: Step) -> None:
    """Fill step.gradients: our gradient of the loss with respect to every value, {value index: tensor}.

    A parameter's gradient is the sum over the step's backward passes that delivered to it.
    """
    for backward in step.backwards:
        flows = reverse(backward)
        for index, gradient in flows.items():
            if step.values[index].kind == "result" or index in backward.received:
                add(step.gradients, step.values[index], gradient)


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
    product = rule.magnitude if magnitudes else rule.vjp
    with autocast_of(call):
        gradients = product(Bound(call), *upstream)  # type: ignore[arg-type]  # None where nothing arrived
    for name, gradient in gradients.items():
        yield from pair(call.arguments[name], gradient)


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
