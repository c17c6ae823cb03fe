"""A call that the gradient must pass has a slope.

Law: round, sign and floor are flat between their steps, clamp and hardtanh beyond their bounds: there ∂out/∂in = 0. If
that holds for every number of the call, the product of the chain rule is exactly 0 for all that lies before, although
the graph is whole and no error is raised. A loss that is clamped "to stop it from exploding" has no gradient as long as
it is above the bound; to bound the *gradient*, clip_grad_norm_ is meant.

The threshold is none: something arrives behind the call, exactly 0 leaves it, and no parameter before it gets a
gradient on another way, in all late steps looked at. (A unit switched off by ReLU is told as dead-relu; a clamp that
a KL term or a ratio reaches only now and then, or that is passed by on another way, is no fault.)
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.layers import is_in_front_of_a_layer, is_rectifier
from chainrule.step import Call, Value

FLAT = {"clamp", "clamp_min", "clamp_max", "hardtanh", "hardsigmoid", "relu6", "minimum", "maximum"}
STEPS = {"round", "sign", "floor", "ceil", "trunc", "div_rounded"}


def check(case: Case) -> Iterator[Finding]:
    late = case.late
    found = [_stops(seen) for seen in late]
    if not found or not all(found):
        return
    if not any(seen.step.loss for seen in late) and not all(map(_stops, case.steps)):
        return  # it has reached 0, the least value of a hinge
    call = found[-1]
    assert call is not None
    by_zero = _by_zero(call)
    given = next(value for value in call.inputs)
    numbers = given.tensor if given.tensor is not None else None
    evidence = {"gradient behind": "not 0", "gradient in front": 0.0}
    if numbers is not None and numbers.numel():
        evidence |= {"least number": float(numbers.min()), "largest number": float(numbers.max())}
    evidence |= {name: call.arguments[name] for name in ("min", "max") if isinstance(call.arguments.get(name), float)}
    yield Finding(
        slug="zero-slope",
        title=f"{call.name} {'multiplies by 0' if by_zero else 'is flat at all of its numbers'}: exactly 0 goes back",
        where=Where.of(call),
        steps=(late[0].index, late[-1].index),
        evidence=evidence,
        because=f"the slope of {call.name} there is 0, and a product with the factor 0 is 0: no weight in front moves",
        fix="look at the factor that is 0: a mask, a weight, an advantage that is its own baseline"
        if by_zero
        else "take it out of the training (round or clamp only what is shown); to bound the gradient, "
        "torch.nn.utils.clip_grad_norm_",
        diff="-    loss = loss.clamp(max=…)\n+    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)"
        if not call.output.shape and not by_zero
        else "",
        attempts=() if by_zero else (Intervention.at(call, "skip"),),
    )


def _stops(seen: Seen) -> Call | None:
    """The call nearest the loss that stops the gradient of everything before it."""
    for call in reversed(seen.calls):
        if not (call.rule in FLAT | STEPS or _by_zero(call)) or not call.inputs or _is_of_a_layer(seen, call):
            continue
        arriving = seen.gradient(call.output)
        if arriving is None or not bool(arriving.any()) or any(_reaches(seen, value) for value in call.inputs):
            continue
        before = [value for value in seen.made_of(*call.inputs) if value.kind == "parameter"]
        if before and not any(_reaches(seen, value) for value in before):
            return call
    return None


def _is_of_a_layer(seen: Seen, call: Call) -> bool:
    return is_rectifier(call) and is_in_front_of_a_layer(seen, call)


def _by_zero(call: Call) -> bool:
    """A product with data that is all 0."""
    factors = [value.tensor for value in call.values if value.kind == "data"]
    return call.rule == "mul" and any(t is not None and t.numel() > 0 and not bool(t.any()) for t in factors)


def _reaches(seen: Seen, value: Value) -> bool:
    gradient = seen.gradient(value)
    return gradient is None or bool(gradient.any())
