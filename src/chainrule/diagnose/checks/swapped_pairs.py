"""What belongs together is pulled together.

Law: a triplet loss max(0, d(a, p) − d(a, n) + m) has ∂L/∂d(a, p) > 0 and ∂L/∂d(a, n) < 0: descent brings the first pair
together and drives the second apart. With positive and negative swapped it drives apart what is alike. No smooth map
takes near inputs further from each other than far ones, so the network ends where all distances are equal and the loss
is the margin. Of likenesses, cosines or Σ a·p, the signs are the other ones.

The finding: of the triplets in all steps looked at, at least MOST have inputs that lie nearer to each other in the pair
that is driven apart than in the pair that is brought together (by chance a half), and after STEPS steps the network
still puts no more than a half of them in the order that the loss asks for. Negatives that are chosen to be hard lie
near as well, but from those a network learns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch

from chainrule.diagnose.answers import STEPS
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.step import Call, Value

Tensor = torch.Tensor

MOST = 0.75
HALF = 0.5
FEWEST = 64  # triplets: the share of so many is known to ± 0.06
DISTANCES = {"pairwise_distance", "norm", "vector_norm", "linalg_vector_norm"}
SQUARES = {"pow", "square"}
TRIPLETS = {"triplet_margin_loss"}


class Pair(NamedTuple):
    """Two results that are compared row by row, and the call that does it."""

    call: Call
    first: Value
    second: Value
    grows: int = 1  # with their distance; −1 where it is their likeness


def check(case: Case) -> Iterator[Finding]:
    if len(case.losses) < STEPS:
        return
    found = [(seen, *pairs) for seen in case.steps if (pairs := _pulled_and_pushed(seen)) is not None]
    if not found:
        return
    asked = [_order(_sources(seen, pulled), _sources(seen, pushed)) for seen, pulled, pushed in found]
    reached = [_order(_embedded(pulled), _embedded(pushed)) for _, pulled, pushed in found]
    inputs = torch.cat([part for part in asked if part is not None]) if None not in asked else torch.empty(0)
    answers = [part for part in reached[len(reached) // 2 :] if part is not None]
    if len(inputs) < FEWEST or not answers:
        return
    against, learnt = 1 - float(inputs.double().mean()), float(torch.cat(answers).double().mean())
    if against < MOST or learnt > HALF:
        return
    seen, pulled, _ = found[0]
    yield Finding(
        slug="swapped-pairs",
        title="the loss drives apart what is alike, and brings together what is not",
        where=Where.of(pulled.call),
        steps=(seen.index, case.last),
        evidence={
            "triplets": len(inputs),
            "share in which the pair brought together is the one further apart in the inputs": against,
            "share that the network has put in the order asked for": learnt,
            "loss": case.losses[-1],
        },
        because="∂L/∂d is positive for the pair that lies far apart and negative for the one that lies near: the "
        "gradient works against what the inputs say, and ends where all distances are equal",
        fix="positive and negative the other way round: (anchor, positive, negative), d(anchor, positive) with a plus",
        diff="-    loss = triplet(anchor, negative, positive)\n+    loss = triplet(anchor, positive, negative)",
    )


def _pulled_and_pushed(seen: Seen) -> tuple[Pair, Pair] | None:
    """The pair that descent brings together and the one that it drives apart, where both have one side in common."""
    for call in seen.calls:
        if call.rule in TRIPLETS:
            anchor, positive, negative = (call.arguments[name] for name in ("anchor", "positive", "negative"))
            return Pair(call, anchor, positive), Pair(call, anchor, negative)
    compared = (pair for call in seen.calls if (pair := _compared(seen, call)) is not None)
    pairs = [(pair, pair.grows * _direction(seen, pair.call)) for pair in compared]
    pulled = [pair for pair, direction in pairs if direction > 0]
    pushed = [pair for pair, direction in pairs if direction < 0]
    return (pulled[0], pushed[0]) if len(pulled) == len(pushed) == 1 else None


def _compared(seen: Seen, call: Call) -> Pair | None:
    grows = 1
    product = seen.producer(call.arguments.get("input")) if call.rule == "sum" else None
    if call.rule in ("pairwise_distance", "cosine_similarity"):
        sides = [call.arguments["x1"], call.arguments["x2"]]
        grows = 1 if call.rule == "pairwise_distance" else -1
    elif product is not None and product.rule == "mul":
        sides, grows = [product.arguments["input"], product.arguments["other"]], -1
    else:
        made = seen.producer(call.arguments.get("input")) if call.rule in DISTANCES or call.rule == "sum" else None
        if call.rule == "sum":
            made = seen.producer(made.arguments.get("input")) if made is not None and made.rule in SQUARES else None
        if made is None or made.rule != "sub":
            return None
        sides = [made.arguments["input"], made.arguments["other"]]
    first, second = sides
    known = all(isinstance(side, Value) and side.kind == "result" and len(side.shape) == 2 for side in sides)
    if not known or first is second or call.output.numel != first.shape[0]:
        return None
    return Pair(call, first, second, grows)


def _direction(seen: Seen, call: Call) -> int:
    """+1 where all distances are to shrink, −1 where all are to grow, else 0."""
    g = seen.gradient(call.output)
    if g is None or not bool(g.any()):
        return 0
    return 1 if bool((g >= 0).all()) else -1 if bool((g <= 0).all()) else 0


def _sources(seen: Seen, pair: Pair) -> Tensor | None:
    """How far apart the inputs are that the two sides were made of."""
    found = [_source(seen, side) for side in (pair.first, pair.second)]
    x, y = (value.tensor if value is not None else None for value in found)
    if x is None or y is None or found[0] is found[1] or x.shape != y.shape or x.dim() < 2:
        return None
    return _apart(x, y)


def _source(seen: Seen, value: Value) -> Value | None:
    """The one tensor of numbers that the value was made of."""
    found = [part for part in seen.made_of(value) if part.kind == "data" and not part.owned]
    only = found[0] if len(found) == 1 else None
    return only if only is not None and only.dtype.is_floating_point and only.shape[:1] == value.shape[:1] else None


def _embedded(pair: Pair) -> Tensor | None:
    a, b = pair.first.tensor, pair.second.tensor
    return None if a is None or b is None else _apart(a, b)


def _apart(a: Tensor, b: Tensor) -> Tensor:
    return (a.double() - b.double()).flatten(1).square().sum(1).sqrt()


def _order(pulled: Tensor | None, pushed: Tensor | None) -> Tensor | None:
    """Of each triplet, whether the pair that is brought together is the nearer one."""
    return None if pulled is None or pushed is None or pulled.shape != pushed.shape else pulled < pushed
