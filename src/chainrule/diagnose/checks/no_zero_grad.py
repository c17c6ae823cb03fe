"""The gradient that is used is that of this step.

Law: backward() adds to .grad. Without zero_grad() between two steps the optimizer uses g[0] + g[1] + … + g[t], not
g[t]: a momentum of 1, under which the weights swing past the minimum ever further. In two recorded steps that follow
each other, used[t+1] = used[t] + g[t+1] for every parameter whose gradient was not cleared: all of them, or those of
one optimizer of several. Several backward passes before one step are no fault: all of them are in g.

Equal means up to 1 % of used[t+1], far above rounding and far below a whole gradient; all pairs of neighbouring
recorded steps must show it, at least two of them, since one pair may be accumulation across a step() that the script
makes now and then. Pairs that have no parameter of one name (an update by hand that names them as it goes) tell
nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from chainrule.breakdown.verify import dense
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention

Tensor = torch.Tensor
EQUAL = 0.01
PAIRS = 2


def check(case: Case) -> Iterator[Finding]:
    pairs = [(a, b) for a, b in zip(case.steps, case.steps[1:], strict=False) if b.index == a.index + 1]
    used = {seen.index: _used(seen) for pair in pairs for seen in pair}
    pairs = [(a, b) for a, b in pairs if _norm(used[a.index]) > 0 and used[a.index].keys() & used[b.index].keys()]
    if len(pairs) < PAIRS or not all(_accumulates(used[a.index], used[b.index], _own(b)) for a, b in pairs):
        return
    last = pairs[-1][1]
    loss = last.loss_call() or last.calls[-1]
    ratio = _norm(used[last.index]) / max(_norm(_own(last)), 1e-30)
    yield Finding(
        slug="no-zero-grad",
        title="gradients of earlier steps are never cleared",
        where=Where.of(loss),
        steps=(pairs[0][0].index, last.index),
        evidence={
            f"gradient used at step {last.index}, of the size of its own": ratio,
            "neighbouring steps in which used[t+1] = used[t] + g[t+1]": len(pairs),
        },
        because="backward() adds to .grad, so the optimizer follows the sum of all gradients since the beginning, "
        "those of long-past weights included, and overshoots",
        fix="call optimizer.zero_grad() before backward()",
        diff="+    optimizer.zero_grad()\n     loss.backward()",
        attempts=(Intervention("clear"),),
    )


def _accumulates(before: dict[str, Tensor], used: dict[str, Tensor], own: dict[str, Tensor]) -> bool:
    """used[t+1] = used[t] + g[t+1] in every parameter for which another gradient is used than that of this step."""
    common = [n for n in before.keys() & used.keys() & own.keys() if used[n].shape == before[n].shape]
    others = [n for n in common if float((used[n] - own[n]).norm()) > EQUAL * float(used[n].norm())]
    gaps = math.hypot(*(float((used[n] - before[n] - own[n]).norm()) for n in others))
    return bool(others) and gaps <= EQUAL * _norm({n: used[n] for n in others})


def _used(seen: Seen) -> dict[str, Tensor]:
    """The gradients that the optimizers used, by the parameter's name."""
    found = {name: change.gradient for name, change in seen.changes.items()}
    return {name: dense(gradient).double() for name, gradient in found.items() if not gradient.is_complex()}


def _own(seen: Seen) -> dict[str, Tensor]:
    """The gradients of this step's losses, by our chain rule."""
    found = {name: seen.gradient(value) for name, value in seen.step.parameters.items()}
    return {name: g.double() for name, g in found.items() if g is not None and not g.is_complex()}


def _norm(gradients: dict[str, Tensor]) -> float:
    return math.hypot(*(float(g.norm()) for g in gradients.values())) if gradients else 0.0
