"""A prediction is compared with its own target.

Law: where a loss compares ŷ with t element by element, broadcasting adds no pairs. A prediction of shape (N, 1) and a
target of shape (N,) broadcast to (N, N): every prediction is compared with every target, and

    ∂L/∂ŷ[n] = Σ_m ∂ℓ(ŷ[n], t[m])/∂ŷ[n] / N²

is the same function of ŷ[n] for every n. All predictions are drawn to the same number (for the squared error the mean
target), whatever the input. Which ℓ it is makes no difference.

The finding: a loss function is given two such shapes; or a difference with data has more pairs than predictions and
than targets, or a product of (N, 1) predictions and (N,) data, and the loss is the plain mean or sum of one function of
each of them. No fault are distances of which the least is taken, or that are weighed against those within the samples
(the energy distance, Székely & Rizzo, 2013), and quantiles that are compared with all quantiles, on axes of their own.
The threshold is none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch

from chainrule.breakdown.links import Aligned, links
from chainrule.diagnose.case import Case, Seen, tells
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.step import Call, Value

BY_HAND = {"sub", "rsub"}  # (prediction − target) ** 2, written out
PRODUCT = "mul"  # target · log(prediction)
EVEN = 1e-3  # the rounding of half precision


def check(case: Case) -> Iterator[Finding]:
    for seen, call in case.calls():
        pair = _compared(seen, call)
        if pair is None:
            continue
        prediction, target = pair
        pairs = np.broadcast_shapes(prediction.shape, target.shape)
        if math.prod(pairs) > max(prediction.numel, target.numel):
            yield Finding(
                slug="broadcast-loss",
                title=f"the loss compares every prediction with all {target.numel} targets",
                where=Where.of(call),
                steps=(seen.index, case.steps[-1].index),
                evidence={
                    "prediction": list(prediction.shape),
                    "target": list(target.shape),
                    "compared": list(pairs),
                },
                because="the gradient of every prediction is the same function of it, so all are drawn to one number",
                fix="give both the same shape: target.view_as(prediction), or prediction.squeeze(1)",
                diff="-    loss = loss_fn(prediction, target)\n"
                "+    loss = loss_fn(prediction, target.view_as(prediction))",
                attempts=(Intervention.at(call, "view"),),
            )
            return


def _compared(seen: Seen, call: Call) -> tuple[Value, Value] | None:
    """Prediction and target of a loss that compares them element by element."""
    target = call.arguments.get("target")
    given = call.arguments.get("input")
    if isinstance(target, Value) and isinstance(given, Value) and target.dtype.is_floating_point:
        try:
            np.broadcast_shapes(given.shape, target.shape)  # torch's own imports sympy: 0.3 s
        except ValueError:  # class probabilities, or a loss of another kind
            return None
        meant = call.arguments.get("reduction") == "none" and _has_axes(given, target)
        return None if meant else (given, target)
    answers = [value for value in call.values if value.kind == "result"]
    others = [value for value in call.values if value.kind == "data" and value.shape and not value.owned]
    if call.rule not in {PRODUCT, *BY_HAND} or len(answers) != 1 or len(others) != 1 or not tells(others[0]):
        return None
    given, target = answers[0], others[0]
    if given.numel != target.numel or call.output.numel <= given.numel or _has_axes(given, target):
        return None
    if call.rule == PRODUCT and not _is_a_row(given, target):
        return None
    within = any(one.rule in BY_HAND and _all_pairs(seen, one) for one in seen.calls)
    return (given, target) if not within and _averaged(seen, call.output) else None


def _is_a_row(given: Value, target: Value) -> bool:
    """(N, 1) and (N,): a product of other shapes weighs."""
    return given.shape == (target.numel, 1) and target.shape == (target.numel,)


def _has_axes(given: Value, target: Value) -> bool:
    """Whether each side was given an axis of 1 for the other one's."""
    axes = list(zip(given.shape, target.shape, strict=False))
    here, there = any(n == 1 < m for n, m in axes), any(m == 1 < n for n, m in axes)
    return len(given.shape) == len(target.shape) and here and there


def _all_pairs(seen: Seen, call: Call) -> bool:
    """Whether it compares the network's results with each other."""
    sides = [value for value in call.values if value.kind == "result"]
    return len(sides) == 2 and call.output.numel > max(value.numel for value in sides)


def _averaged(seen: Seen, pairs: Value) -> bool:
    """Whether the loss is the plain mean or sum of one function of each pair."""
    reached, ends = {pairs.index}, []
    for call in seen.calls:
        of_pairs = [value for value in call.values if value.index in reached]
        if not of_pairs:
            continue
        aligned = [link for link in links(call) if link.value.index in reached]
        alone = call.rule == "where" or all(isinstance(link.pattern, Aligned) for link in aligned)
        if call.output.numel == pairs.numel and alone:
            reached.add(call.output.index)
        else:
            ends += of_pairs
    gradients = [seen.gradient(value) for value in ends]
    return bool(gradients) and all(g is not None and g.any() and _is_even(g) for g in gradients)


def _is_even(g: torch.Tensor) -> bool:
    return float((g - g.mean()).abs().max()) <= EVEN * float(g.abs().max())
