"""A margin is asked for on both sides.

Law: a hinge, max(0, 1 − y·s), wants y = −1 or 1: then its slope is −y until the answer s is on the right side by 1. Of
y = 0 it is max(0, 1 − 0) = 1, whatever the answer: ∂/∂s = 0, and only the samples of the other class have a gradient,
which drives all answers to their side. So it is with log(1 + exp(−y·s)) and max(0, margin − y·(a − b)).

The finding: in every step looked at the labels of such a loss are 0 and 1.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.step import Call, Value

MARGINS = {"soft_margin_loss", "hinge_embedding_loss", "margin_ranking_loss"}
HINGES = {"relu", "clamp", "clamp_min"}


def check(case: Case) -> Iterator[Finding]:
    found = [_labels(seen) for seen in case.steps]
    if not found or not all(found):
        return
    pairs = [pair for pair in found if pair is not None]
    labels = torch.cat([value.tensor.flatten() for _, value in pairs if value.tensor is not None])
    if labels.unique().tolist() != [0, 1]:
        return
    call = pairs[0][0]
    yield Finding(
        slug="margin-labels",
        title=f"{call.name} wants labels of −1 and 1, and is given 0 and 1",
        where=Where.of(call),
        steps=(case.steps[0].index, case.last),
        evidence={"share of labels that are 0": float((labels == 0).double().mean()), "last loss": case.losses[-1]},
        because="a label of 0 takes the answer out of the product y·s: those samples have no gradient, and the others "
        "drive all answers to their side",
        fix="labels of −1 and 1: 2·y − 1",
        diff="-    loss = torch.clamp(1 - y * score, min=0)\n+    loss = torch.clamp(1 - (2 * y - 1) * score, min=0)",
        attempts=Intervention.of(pairs[0][1], case.steps[0].calls, "threshold", threshold=0.5, value=-1.0),
    )


def _labels(seen: Seen) -> tuple[Call, Value] | None:
    """The loss with a margin and its labels, if they are 0 and 1 only."""
    for call in seen.calls:
        target = call.arguments.get("target") if call.rule in MARGINS else _of_hinge(seen, call)
        if (
            isinstance(target, Value)
            and target.tensor is not None
            and bool(((target.tensor == 0) | (target.tensor == 1)).all())
        ):
            return call, target
    return None


def _of_hinge(seen: Seen, call: Call) -> Value | None:
    """The y of max(0, 1 − y·s), written by hand."""
    made = seen.origin(call.inputs[0]) if call.rule in HINGES and call.inputs else None
    if made is None or made.rule not in ("sub", "rsub") or len(made.inputs) != 1 or len(made.values) != 1:
        return None
    product = seen.origin(made.inputs[0])
    if product is None or product.rule != "mul":
        return None
    data = [v for v in product.values if v.kind == "data" and v.numel > 1]
    weighed = [c for v in product.inputs if (c := seen.producer(v)) is not None and c.rule == "mul"]
    return data[0] if len(data) == 1 and not any(v.kind == "data" for c in weighed for v in c.values) else None
