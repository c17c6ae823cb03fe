"""Something keeps the embeddings apart.

Law: a loss of distances d between results of trained layers draws a pair together where ∂L/∂d > 0 and drives it apart
where ∂L/∂d < 0. If there is no pair of the second kind, and no other way from the weights to the loss, the best
embedding is one point for all samples: L is least where every d is 0. It is so with a hinge that is turned over,
max(0, d − m) for max(0, m − d) (Hadsell, Chopra & LeCun, CVPR 2006), and where what is unlike was forgotten.

With u = a − b, of which every distance is a function, ∂L/∂d·d is Σ g·u over the features, whichever distance it is.

The finding: ∂L/∂d ≥ 0 for all pairs of all steps looked at, no distance is subtracted from anything on its way to the
loss (a hinge max(0, m − d) may be closed for a while), and the spread over the samples has fallen below COLLAPSED of
what it was at first. A side without a graph (BYOL, SimSiam, a teacher), one that no optimizer has, another term of
the loss (labels, a decoder, variances as in VICReg) or a normalisation that keeps the spread is no fault.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from chainrule.diagnose.answers import STEPS
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.directions import LOSSES
from chainrule.diagnose.finding import Finding, Where
from chainrule.step import Call, Value

Tensor = torch.Tensor

COLLAPSED = 0.25  # of the first spread: a sixteenth of the variance
ROUNDING = 1e-4  # of ‖g‖·‖u‖
DISTANCES = {"pairwise_distance", "cdist"}
PARTS = {"getitem", "narrow", "select", "chunk", "split"}
HINGES = {"relu", "clamp", "clamp_min", "softplus"}
DIFFERENCES = {"sub", "rsub"}
SIZES = {"square", "abs", "norm", "vector_norm", "linalg_vector_norm"}


def check(case: Case) -> Iterator[Finding]:
    if len(case.losses) < STEPS or len(case.steps) < 2:
        return
    found = [_only_distances(seen) for seen in case.steps]
    if not all(found) or not all(_none_apart(seen, calls) for seen, calls in zip(case.steps, found, strict=True)):
        return
    if any(_may_drive_apart(seen, calls) for seen, calls in zip(case.steps, found, strict=True)):
        return
    first, last = (_spreads(calls) for calls in (found[0], found[-1]))
    if len(first) != len(last) or not all(b < COLLAPSED * a for a, b in zip(first, last, strict=True)):
        return
    seen, hinge = case.steps[0], _hinge(case.steps[0], found[0])
    yield Finding(
        slug="collapsed-embedding",
        title="the loss draws all pairs together, and nothing keeps them apart",
        where=Where.of(hinge or found[0][0]),
        steps=(seen.index, case.last),
        evidence={
            "compared": f"{found[0][0].name} ({found[0][0].where.rpartition('/')[2]})",
            "steps in which no pair is driven apart": len(found),
            "spread over the samples, first": first[0],
            "last": last[0],
            "loss, last": case.losses[-1],
        },
        because="∂L/∂d is not negative for any pair, so the loss is least where all embeddings are one point",
        fix="a term that falls as what is unlike moves apart: relu(margin − d) for such pairs, not relu(d − margin)",
        diff="-    apart = relu(distance - margin)\n+    apart = relu(margin - distance)" if hinge else "",
    )


def _only_distances(seen: Seen) -> list[Call]:
    """The calls that compare results with each other, if they are all that leads from trained weights to the loss."""
    if len(seen.step.backwards) != 1 or seen.step.backwards[0].returned or not seen.moved:
        return []
    todo, done, found = list(seen.step.backwards[0].roots), set[int](), list[Call]()
    while todo:
        value = todo.pop()
        if value.index in seen.moved:
            return []
        call = seen.producer(value)
        if call is None or call.index in done:
            continue
        done.add(call.index)
        if _compares(seen, call):
            found.append(call)
        else:
            todo += call.values
    trained = all(_is_trained(seen, side) for call in found for side in _sides(call))
    return sorted(found, key=lambda call: call.index) if trained else []


def _is_trained(seen: Seen, side: Value) -> bool:
    return any(value.index in seen.moved for value in seen.made_of(side))


def _sides(call: Call) -> list[Value]:
    """Two embeddings, (samples, …, features) and results both, that this call compares."""
    names = ("x1", "x2") if call.rule in DISTANCES | {"cosine_similarity"} else ("input", "other")
    names = ("input", "target") if call.rule in LOSSES else names
    known = call.rule in DISTANCES | DIFFERENCES | LOSSES | {"cosine_similarity"}
    sides = [call.arguments.get(name) for name in names] if known else []
    found = [s for s in sides if isinstance(s, Value) and s.kind == "result" and len(s.shape) > 1 and s.shape[-1] > 1]
    return found if len(found) == 2 and found[0].shape[-1] == found[1].shape[-1] else []


def _compares(seen: Seen, call: Call) -> bool:
    """Whether it compares two results of which neither was made of the other, as a deviation from the mean is."""
    sides = _sides(call)
    if len(sides) < 2 or (call.rule in DIFFERENCES and not _is_size(seen, call.output)):
        return False
    if any(one in seen.made_of(other) for one, other in (sides, reversed(sides))):
        return False
    makers = [seen.producer(side) for side in sides]
    of_one = all(call is not None and call.rule in PARTS for call in makers)
    sources = [call.inputs[0] for call in makers if call is not None and call.inputs]
    # neighbours within one output, as in its total variation, are no pair of samples
    return not (of_one and sources[0] is sources[1] and sides[0].shape[0] == sources[0].shape[0])


def _is_size(seen: Seen, u: Value) -> bool:
    """Whether only the size of the difference counts, not its sign."""
    users = [call for call in seen.calls if u in call.values]
    return bool(users) and all(
        call.rule in SIZES
        or (call.rule == "pow" and call.arguments.get("exponent") == 2)
        or (call.rule == "mul" and set(call.values) == {u})
        for call in users
    )


def _none_apart(seen: Seen, calls: list[Call]) -> bool:
    """Whether no pair is driven apart, and some are drawn together."""
    pulls = [_pulls(seen, call) for call in calls]
    return all(pull is not None and bool((pull >= 0).all()) for pull in pulls) and any(
        bool((pull > 0).any()) for pull in pulls if pull is not None
    )


def _pulls(seen: Seen, call: Call) -> Tensor | None:
    """For each pair, with the sign of ∂L/∂d."""
    g, u = seen.gradient(call.output), call.output.tensor
    if g is None or u is None or g.is_complex():
        return None
    if call.rule not in DIFFERENCES:
        return -g if call.rule == "cosine_similarity" else g
    g, u = g.double(), u.double()
    pull, most = (g * u).sum(-1), g.norm(dim=-1) * u.norm(dim=-1)
    return torch.where(pull.abs() > ROUNDING * most, pull, 0.0)


def _may_drive_apart(seen: Seen, calls: list[Call]) -> bool:
    """Whether a distance enters with a minus, or a similarity a hinge: what is closed now may be open later."""
    reached = {call.output.index for call in calls}
    alike = any(call.rule == "cosine_similarity" for call in calls)
    for call in seen.calls:
        entered = [value for value in call.values if value.index in reached]
        if not entered:
            continue
        reached |= {value.index for value in call.outputs}
        by_number = [a for a in call.arguments.values() if isinstance(a, int | float) and call.rule in ("mul", "div")]
        minus = call.rule == "neg" or any(number < 0 for number in by_number)
        minus |= call.rule in DIFFERENCES and call.arguments["other" if call.rule == "sub" else "input"] in entered
        if (minus and not alike) or (alike and call.rule in HINGES):
            return True
    return False


def _spreads(calls: list[Call]) -> list[float]:
    """How far apart the samples lie in each embedding: the root of the mean variance of its features."""
    sides = [side.tensor for call in calls for side in _sides(call)]
    rows = [t.double().reshape(-1, t.shape[-1]) for t in sides if t is not None]
    known = [part for part in rows if len(part) > 1 and bool(part.isfinite().all())]
    return [float(part.var(0).mean().sqrt()) for part in known] if len(known) == len(sides) else []


def _hinge(seen: Seen, calls: list[Call]) -> Call | None:
    """The last one of a distance and a margin, if there is one."""
    reached = {call.output.index for call in calls}
    by_margin, found = set[int](), None
    for call in seen.calls:
        if not any(value.index in reached for value in call.values):
            continue
        reached |= {value.index for value in call.outputs}
        if call.rule in DIFFERENCES | {"add"} and len(call.inputs) == 1:
            by_margin.add(call.output.index)
        elif call.rule in HINGES and any(value.index in by_margin for value in call.values):
            found = call
    return found
