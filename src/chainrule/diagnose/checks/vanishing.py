"""The gradient arrives at the first layer as at the last.

Law: ∂L/∂h[1] = W₂ᵀ·f'(z₂)·…·W_nᵀ·f'(z_n)·∂L/∂h[n]. With σ' ≤ 1/4 and weights of ordinary size every layer makes it a
few times smaller: after ten layers nothing is left, and the first layers stay as they were drawn, while the last ones
learn what can be learnt of random numbers (Hochreiter 1991; Glorot & Bengio 2010).

The finding: at the first weight matrix ‖g‖/√(numbers) is below a ten-thousandth of that at the last one, in the first
step looked at (later the last layer may have found its minimum); the first has moved by less than a thousandth of its
size over the run, or the ratio is as small in the last step, or in most, and no layer began with small weights; and the
network explains less than half of what simple answers do (answers.py), or nothing was learnt at all (motion.py). Or the
same bend is passed TIMES times and more, once for each step of a sequence, with as small a ratio between the first and
the last, in the first step looked at and in the last one, and nothing was learnt (motion.py).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import torch

from chainrule.diagnose.answers import falls_short
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import NORM, Intervention
from chainrule.diagnose.layers import size, weight_layers
from chainrule.diagnose.motion import came_to_nothing
from chainrule.step import Call

SMALL = 1e-4
STILL = 1e-3
TIMES = 8
USUAL = 0.1  # of 1/√n: weights that are much smaller are told as faded-activations
BENDS = {"sigmoid", "tanh", "relu", "gelu", "elu", "softplus", "leaky_relu", "silu", "softsign", "hardsigmoid"}


def check(case: Case) -> Iterator[Finding]:
    if len(case.steps) >= 2 and came_to_nothing(case) and (found := list(_in_time(case))):
        yield from found
        return
    if len(case.steps) < 2 or not (falls_short(case) or came_to_nothing(case)):
        return
    ratio = _ratio(case.steps[0])
    if not 0 < ratio < SMALL:
        return
    seen, last = case.steps[0], case.steps[-1]
    call, weight = weight_layers(seen)[0]
    moved = _moved(seen, last, weight.name)
    long = sum(_ratio(one) < SMALL for one in case.steps) > len(case.steps) / 2 or _ratio(last) < SMALL
    lasting = long and all(size(one) >= USUAL for _, one in weight_layers(seen))
    if not moved < STILL and not lasting:
        return
    bends = [one for one in seen.calls if one.rule in BENDS]
    where = bends[0] if bends else call
    yield Finding(
        slug="vanishing",
        title=f"the gradient is {1 / ratio:,.0f} times smaller at {weight.name} than at the last layer",
        where=Where.of_layer(where, weight.name),
        steps=(seen.index, last.index),
        evidence={
            "gradient at the first layer by that at the last": ratio,
            "bends on the way": len(bends),
            "how far the first layer moved, by its size": moved,
        },
        because="every bend and layer on the way back multiplies by a factor below 1 (σ' is at most 1/4), and the "
        "product of all is next to 0",
        fix="batch or layer norm in front of every bend, ReLU with kaiming_uniform_ weights, fewer layers, or sums "
        "around them (residual connections)",
        attempts=tuple(
            Intervention.at(where, kind, module=None, function=function, options=options)
            for kind, function, options in ((("before", "batch_norm", NORM), ("instead", "relu", {})) if bends else ())
        ),
    )


def _in_time(case: Case) -> Iterator[Finding]:
    """The same bend at the same line, once for each step of a sequence."""
    first, last = case.steps[0], case.steps[-1]
    (times, ratio, call), (_, now, _) = _earliest(first), _earliest(last)
    if call is None or not 0 < ratio < SMALL or not now < SMALL:
        return
    yield Finding(
        slug="vanishing",
        title=f"the gradient is {1 / ratio:.3g} times smaller at the first of {times} time steps than at the last",
        where=Where.of_layer(call),
        steps=(first.index, last.index),
        evidence={"time steps": times, "gradient at the first by that at the last": ratio, "in the last step": now},
        because="∂h[T]/∂h[1] = ∏ Wᵀ·f'(z[t]) is a product with a factor for each time step, most of them below 1: what "
        "the first inputs say is not heard",
        fix="an LSTM or GRU, whose state is added to; a recurrent matrix that begins as the identity or orthogonal; "
        "shorter sequences",
    )


def _earliest(seen: Seen) -> tuple[int, float, Call | None]:
    """How often a bend is passed, the gradient at its first call by that at its last, and the first call."""
    passed: dict[tuple[str, int, str], list[Call]] = {}
    for call in seen.calls:
        if call.rule in BENDS:
            passed.setdefault((call.file, call.line, call.module), []).append(call)
    calls = max(passed.values(), key=len, default=[])
    uses = Counter(value.index for _, value in weight_layers(seen))
    if max(uses.values(), default=0) < TIMES:  # layers of their own in a loop, no time steps
        return 0, math.nan, None
    sizes = [seen.gradient(call.output) for call in calls]
    if len(calls) < TIMES or sizes[0] is None or sizes[-1] is None or not bool(sizes[-1].any()):
        return len(calls), math.nan, None
    return len(calls), float(sizes[0].double().norm() / sizes[-1].double().norm()), calls[0]


def _ratio(seen: Seen) -> float:
    """The gradient's root mean square at the first weight matrix by that at the last one."""
    layers = weight_layers(seen)
    if len(layers) < 3:
        return math.nan
    first, last = (seen.gradient(layers[i][1]) for i in (0, -1))
    if first is None or last is None:
        return math.nan
    below = float(last.double().square().mean())
    return math.sqrt(float(first.double().square().mean()) / below) if below > 0 else math.nan


def _moved(first: Seen, last: Seen, name: str) -> float:
    """How far a parameter went between two steps, by its size."""
    a, b = (seen.step.parameters[name].tensor if name in seen.step.parameters else None for seen in (first, last))
    if a is None or b is None:
        return math.nan
    size = float(torch.linalg.vector_norm(a))
    return float(torch.linalg.vector_norm(b - a)) / size if size > 0 else math.nan
