"""A loss compares two things.

Law: a distance of a tensor from itself is 0 whatever the weights are, and so is its derivative, ∂ℓ(ŷ, ŷ) = 0 (of a
cosine similarity it is 1, and the derivative 0 as well). What was to be told by comparing, nothing tells.

The finding: two sides of one comparison are equal, bit for bit, in every step looked at, and made by the network: an
output that stands in its target's place, with its graph or detached, an anchor in the place of the negative. The
threshold is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import torch

from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.directions import LOSSES
from chainrule.diagnose.finding import Finding, Where
from chainrule.step import Call, Value

COMPARE = LOSSES | {
    "cosine_similarity",
    "pairwise_distance",
    "cosine_embedding_loss",
    "triplet_margin_loss",
    "margin_ranking_loss",
}
FEWEST = 2  # steps: a network and its copy answer alike in the first one


def check(case: Case) -> Iterator[Finding]:
    found = [_same(seen) for seen in case.steps]
    if len(found) < FEWEST or not all(found):
        return
    call, (first, second) = found[0]  # type: ignore[misc]  # all are there
    yield Finding(
        slug="compared-with-itself",
        title=f"{call.name} is given the same numbers as {first} and as {second}",
        where=Where.of(call),
        steps=(case.steps[0].index, case.steps[-1].index),
        evidence={
            "steps in which both are equal": len(found),
            "loss, first": case.losses[0],
            "loss, last": case.losses[-1],
        },
        because="what is compared with itself is at its best from the start: this part of the loss has no slope that "
        "says anything of the data",
        fix=f"look at what is given as {second}: it should be another tensor, the target or the other sample",
    )


def _same(seen: Seen) -> tuple[Call, tuple[str, str]] | None:
    """A comparison with two equal sides, and their names as arguments."""
    for call in seen.calls:
        sides = (
            [(name, v) for name, v in call.arguments.items() if isinstance(v, Value)] if call.rule in COMPARE else []
        )
        for (name, one), (other_name, other) in combinations(sides, 2):
            if "result" in (one.kind, other.kind) and _equal(one, other):
                return call, (name, other_name)
    return None


def _equal(one: Value, other: Value) -> bool:
    if one.numel < 2 or one.shape != other.shape or not one.dtype.is_floating_point:
        return False
    known = one.tensor is not None and other.tensor is not None
    return one is other or (known and torch.equal(one.tensor, other.tensor))  # type: ignore[arg-type]
