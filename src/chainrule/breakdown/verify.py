"""Is it true? Our gradients against autograd's, each rule alone, and our update against the optimizer's real result.

The measure. Both sides are sums of products, computed in floating point with unit roundoff u in different orders. The
error of such a sum is bounded by gamma_n times the sum of the *sizes* of its terms (Higham, Accuracy and Stability of
Numerical Algorithms, 2002, section 3.1), not by its own size: where terms cancel, the relative difference can be
anything. So a difference is measured relative to the gradient where that suffices, and otherwise relative to the sum of
the sizes of its terms, which the rules give (`magnitude`).

The tolerance. A sum of n products rounds, with high probability, by at most LAMBDA·sqrt(n)·u of that scale (Higham &
Mary, SIAM J. Sci. Comput. 41(5), 2019, theorem 2.4 with LAMBDA = 4 leaves about 1 in 1000 for one sum, and the norm
over many is far steadier), and an elementwise function of torch's by a few u (FUNCTION = 16 covers its vectorised
transcendental functions and a chain of three operations). Errors of successive calls add. Each of the two sides may err
by that much, hence the factor 2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import torch

from chainrule.breakdown.backward import RuleFailed, make_opaque, propagate, reverse, sent, sizes, unknown
from chainrule.rules.optimizers import UPDATE_RULES
from chainrule.step import Agreement, Backward, Call, Step, Value, map_argument

Tensor = torch.Tensor
LAMBDA = 4.0
FUNCTION = 16.0


def roundoff(dtype: torch.dtype) -> float:
    """u: half the distance from 1 to the next number of that dtype."""
    return torch.finfo(dtype).eps / 2 if dtype.is_floating_point or dtype.is_complex else 0.0


def call_tolerance(call: Call) -> float:
    """How far one rule and autograd may differ by rounding alone, relative to the sizes of the terms."""
    dtypes = [value.dtype for value in (*call.values, *call.outputs)] + ([call.autocast] if call.autocast else [])
    u = max((roundoff(dtype) for dtype in dtypes), default=0.0)
    return 2 * u * (FUNCTION + LAMBDA * math.sqrt(summed(call)))


def summed(call: Call) -> int:
    """At most how many products are summed for one number that the call sends back."""
    largest = max((value.numel for value in (*call.outputs, *call.values)), default=1)
    smallest = min((value.numel for value in call.inputs), default=1)
    return max(largest // max(smallest, 1), *(size for value in call.outputs for size in value.shape), 1)


def pass_tolerance(backward: Backward) -> float:
    """The same for a whole pass, in which the errors of successive calls add."""
    return sum(call_tolerance(call) for call in backward.calls if call.rule)


# ---------------------------------------------------------------- differences


def difference(ours: Tensor | None, theirs: Tensor | None, scale: Tensor | None = None) -> float:
    """|ours − theirs| / |scale| in the 2-norm, scale being `theirs` by default.

    Where both are the same NaN or infinity they agree; where only one is, the difference is infinite.
    """
    if ours is None or theirs is None:
        present = ours if theirs is None else theirs
        return 0.0 if present is None or not bool(present.to_dense().any()) else math.inf
    ours, theirs = dense(ours), dense(theirs)
    if ours.shape != theirs.shape:
        return math.inf
    gap = float(torch.linalg.vector_norm(ours - theirs))
    size = float(torch.linalg.vector_norm(theirs if scale is None else dense(scale)))
    if math.isfinite(gap) and math.isfinite(size):
        return gap / size if size > 0 else (0.0 if gap == 0 else math.inf)
    return _difference_of_finite(ours, theirs, scale)


def _difference_of_finite(ours: Tensor, theirs: Tensor, scale: Tensor | None) -> float:
    same = (ours == theirs) | (ours.isnan() & theirs.isnan())
    finite = ours.isfinite() & theirs.isfinite()
    if not bool((same | finite).all()):
        return math.inf
    measure = (theirs if scale is None else dense(scale)).abs().double()
    gap = float(torch.linalg.vector_norm((ours.double() - theirs.double())[finite]))
    size = float(torch.linalg.vector_norm(torch.nan_to_num(measure, 0.0, 0.0, 0.0)))
    return 0.0 if gap == 0 else (gap / size if size > 0 else math.inf)


def dense(t: Tensor) -> Tensor:
    return t.detach() if t.layout is torch.strided else t.detach().to_dense()


# ---------------------------------------------------------------- the three agreements


def verify(step: Step) -> None:
    """Fill step.agreement. A rule that fails here is no rule either: then the step is propagated again."""
    try:
        step.agreement = _agreement(step)
    except RuleFailed as failed:
        make_opaque(step, failed.call, failed.__cause__)
        step.gradients.clear()
        propagate(step)
        verify(step)


def _agreement(step: Step) -> Agreement:
    errors: list[str] = []
    parameters, parameters_tolerance = _parameters(step, errors)
    calls, calls_tolerance = _calls(step, errors)
    update, update_tolerance = _update(step, errors)
    used = {call for backward in step.backwards for call in backward.calls}
    by_rule = sum(call.rule is not None for call in used)
    return Agreement(
        parameters,
        parameters_tolerance,
        calls,
        calls_tolerance,
        update,
        update_tolerance,
        by_rule,
        len(used) - by_rule,
        tuple(errors),
    )


def _parameters(step: Step, errors: list[str]) -> tuple[float, float]:
    """The worst difference between our gradients and what autograd delivered to the leaves."""
    worst, allowed = math.nan, math.nan
    theirs: dict[int, Tensor] = {}
    bound = 0.0
    for backward in step.backwards:
        bound += pass_tolerance(backward)
        for index, gradient in backward.received.items():
            if index in backward.hooked:
                continue
            theirs[index] = theirs[index] + gradient if index in theirs else gradient
    scales: dict[int, Tensor] | None = None
    without = unknown(step)
    for index, gradient in theirs.items():
        if index in without:
            continue
        value = step.values[index]
        limit = max(bound, 2 * FUNCTION * roundoff(value.dtype))
        ours = step.gradients.get(index)
        found = difference(ours, gradient)
        if found > limit:  # terms that cancel? then measure against their sizes, first those of the last sum alone
            found = difference(ours, gradient, _last_sum(step, value))
        if found > limit:
            if scales is None:
                scales = _magnitudes(step.backwards)
            found = difference(ours, gradient, scales.get(index))
        if not found <= worst:
            worst, allowed = found, limit
        if not found <= limit:
            errors.append(
                f"our gradient of {value.name or value.index} differs from autograd's by {found:.2g} of its size "
                f"(rounding allows {limit:.2g}); this is an error of chainrule"
            )
    return worst, allowed


def _last_sum(step: Step, value: Value) -> Tensor | None:
    """The sizes of the terms that the value's uses send to it, our gradients of their outputs taken as exact.

    Smaller than the sizes along the whole pass, so never more lenient; much cheaper.
    """
    total: Tensor | None = None
    for backward in step.backwards:
        for call in backward.calls:
            if value in call.inputs:
                upstream = [step.gradients.get(v.index) for v in call.outputs]
                size = _total(sizes(_towards(call, value), upstream)).get(value.index)
                if size is not None:
                    total = size if total is None else total + size
    return total


def _towards(call: Call, value: Value) -> Call:
    """The call as if a gradient flowed to this one of its inputs alone."""

    def only(part: Any) -> Any:
        return replace(part, requires_grad=False) if isinstance(part, Value) and part is not value else part

    if call.rule is None:
        return call
    return replace(call, arguments={name: map_argument(only, a) for name, a in call.arguments.items()})


def _magnitudes(backwards: Iterable[Backward]) -> dict[int, Tensor]:
    total: dict[int, Tensor] = {}
    for backward in backwards:
        for index, m in reverse(backward, magnitudes=True).items():
            total[index] = total[index] + m if index in total else m
    return total


def _calls(step: Step, errors: list[str]) -> tuple[float, float]:
    """The worst difference of a single rule that is fed autograd's own upstream gradient."""
    worst, allowed = math.nan, math.nan
    for backward in step.backwards:
        for call in backward.calls:
            upstream = backward.upstream.get(call.index)
            if call.rule is None or upstream is None:
                continue
            found, limit = check_call(call, upstream, backward.delivered[call.index]), call_tolerance(call)
            if not found <= worst:
                worst, allowed = found, limit
            if not found <= limit:
                at = f" ({call.where})" if call.where else ""
                errors.append(
                    f"the rule {call.rule} differs from autograd by {found:.2g} in {call.name}{at} "
                    f"(rounding allows {limit:.2g}); this is an error of chainrule"
                )
    return worst, allowed


def check_call(call: Call, upstream: list[Tensor | None], delivered: list[Tensor | None]) -> float:
    """One rule alone: what it sends for autograd's upstream gradient, against what autograd's nodes sent."""
    theirs = dict(zip((value.index for value in call.inputs), delivered, strict=True))
    ours = _total(sent(call, upstream))
    limit = call_tolerance(call)
    worst = 0.0
    scales: dict[int, Tensor] | None = None
    for index, gradient in theirs.items():
        if gradient is None:
            continue  # autograd was not asked for it
        found = difference(ours.get(index), gradient)
        if found > limit:
            if scales is None:
                scales = _total(sizes(call, upstream))
            found = difference(ours.get(index), gradient, scales.get(index))
        worst = max(worst, found)
    return worst


def _total(flow: Iterable[tuple[Value, Tensor]]) -> dict[int, Tensor]:
    total: dict[int, Tensor] = {}
    for value, gradient in flow:
        total[value.index] = total[value.index] + gradient if value.index in total else gradient
    return total


def _update(step: Step, errors: list[str]) -> tuple[float, float]:
    """The worst difference between our update rule's weights and those the optimizer wrote, relative to the weight
    and its change (rules/optimizers.py derives the tolerance by running error analysis)."""
    worst, allowed = math.nan, math.nan
    for update in step.updates:
        rule = UPDATE_RULES.get(update.optimizer)
        for index, parameter in update.parameters.items():
            if rule is None or parameter.after is None or rule.covers(parameter):
                continue
            found, limit = rule.compare(parameter)
            if not found <= worst:
                worst, allowed = found, limit
            if not found <= limit:
                errors.append(
                    f"our {update.optimizer} update of {step.values[index].name or index} differs from the weight it "
                    f"wrote by {found:.2g} (rounding allows {limit:.2g}); this is an error of chainrule"
                )
    return worst, allowed
