"""The gradient goes back through time.

Law: h[t] = f(h[t − 1], x[t]), and ∂L/∂W = Σ_t ∂L/∂h[t]·∂h[t]/∂W, where ∂h[T]/∂h[t] is a product over the steps between.
A state that is detached between two steps of one sequence makes that product 0: each step is trained as if its memory
were given, and nothing that reaches further back than one step can be learnt. (Between two sequences, or two chunks of
a long one, detach() is right: it bounds how far back the gradient goes.)

The threshold is none: numbers, more than one and not all equal, that a layer computed, or that were computed of those,
enter the same layer later in the same step as data, bit for bit, every time it is called again, at least twice; a state
of equal numbers begins a sequence.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import torch

from chainrule.diagnose.case import Case, Seen, tells
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention, uncut
from chainrule.step import Call, Value

FEWEST = 2
MOST = 64  # results before a call that are compared with what it takes


def check(case: Case) -> Iterator[Finding]:
    found = [_cut(seen) for seen in case.steps]
    if not found or not all(found):
        return
    call, state, times = found[0]  # type: ignore[misc]  # all are there
    cut = next((aside for aside in case.steps[0].step.asides if aside.result == state.index), None)
    yield Finding(
        slug="hidden-detached",
        title="the state comes back without its past: no gradient goes through time",
        where=Where.of(call) if cut is None else Where.at(cut.off if cut.off.file else cut.at, cut.name, call.module),
        steps=(case.steps[0].index, case.last),
        evidence={"times in one step": times, "steps back that the gradient reaches": 1},
        because="the product over time is cut at each step, so the weights learn only from the step in which an error "
        "shows, not from those that caused it",
        fix="carry the state on as it is within a sequence, and detach it only between two",
        diff="-    h = h.detach()",
        attempts=_attempts(case.steps[0]),
    )


def _attempts(seen: Seen) -> tuple[Intervention, ...]:
    """Without the call that detaches, where there is one."""
    cuts = (uncut(aside.name, aside.at) for aside in seen.step.asides if aside.result is not None)
    return next(filter(None, cuts), ())


def _cut(seen: Seen) -> tuple[Call, Value, int] | None:
    """A layer that always gets its own results back as data, those it gets first, and how often."""
    uses: dict[int, list[Call]] = {}
    for call in seen.step.calls:
        weight = next((v for v in call.values if v.kind == "parameter" and len(v.shape) > 1), None)
        if weight is not None:
            uses.setdefault(weight.index, []).append(call)
    for calls in uses.values():
        if len(calls) <= FEWEST:
            continue
        results: list[Value] = []
        given_out: set[Value] = set()  # by the layer, so far
        back: list[tuple[Call, Value]] = []
        for call, following in pairwise(calls):
            results += [v for c in seen.step.calls[call.index : following.index] for v in c.outputs]
            given_out |= set(call.outputs)
            given = [v for v in following.values if v.kind == "data" and v.dtype.is_floating_point]
            own = (state for state in given if tells(state) and _comes_back(seen, state, results[-MOST:], given_out))
            if (state := next(own, None)) is not None:
                back.append((following, state))
            elif not any(not tells(state) and len(state.shape) > 1 for state in given):  # nor does a sequence begin
                break
        else:
            if len(back) >= FEWEST:
                return *back[0], len(back)
    return None


def _comes_back(seen: Seen, state: Value, results: list[Value], given_out: set[Value]) -> bool:
    """Whether it has the numbers of one of these results, and that was made of what the layer gave."""
    alike = (made for made in results if _same(made, state))
    return any(given_out & seen.made_of(made, off_path=True) for made in alike)


def _same(made: Value, used: Value) -> bool:
    """Whether the numbers of `made` are those of `used`, or its first or last columns: a state beside an input."""
    a, b = made.tensor, used.tensor
    if a is None or b is None or a.dtype != b.dtype or a.dim() == 0 or a.numel() < 2:
        return False
    if a.numel() == b.numel():
        return torch.equal(a.reshape(-1), b.reshape(-1))
    width = a.shape[-1]
    beside = a.dim() == b.dim() and a.shape[:-1] == b.shape[:-1] and width < b.shape[-1]
    return beside and (torch.equal(a, b[..., :width]) or torch.equal(a, b[..., -width:]))
