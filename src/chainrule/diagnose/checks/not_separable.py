"""A linear model is given data that a line can separate.

Law: where the prediction is σ(a), or a itself, of one affine number a = w·x + b for each sample, and the targets are
two classes, some w and b put the classes on two sides. That fails exactly where their convex hulls meet: if

    Σ λ[i]·x[i] = Σ μ[j]·x[j],   λ, μ ≥ 0,   Σ λ = Σ μ = 1   (i of class 0, j of class 1)

then Σ λ[i]·a[i] = Σ μ[j]·a[j] for every w and b, and not all a of one class are smaller than all of the other. The
common point is found as the nearest points of the hulls (Gilbert 1966, as the Frank-Wolfe step of Jaggi 2013) and put
into the equation: the finding holds only if the two sides are equal up to 1e-3 of the data's size, so it is proved to
that precision.

Classes that overlap are no fault: a linear model may be the best there is. So the predictions must also say nothing
about the targets, less than 5 % of their variance (the squared correlation), as at the minimum for XOR.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from chainrule.breakdown.computation import Map, Products, computation
from chainrule.breakdown.links import links
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.step import Call

Tensor = torch.Tensor

ROUNDS = 4000
EQUAL = 1e-3
LARGEST = 4096  # samples
NOTHING = 0.05  # of the targets' variance that the predictions explain


def check(case: Case) -> Iterator[Finding]:
    for seen in case.steps[-1:]:
        layers = _linear(seen)
        data, target = seen.batch.data, seen.batch.target
        if not layers or data is None or target is None or data.tensor is None or target.tensor is None:
            continue
        x, t = data.tensor.double().flatten(1), target.tensor.double().reshape(-1)
        classes, explained = t.unique(), _explained(seen, t)
        if len(classes) != 2 or len(x) != len(t) or len(x) > LARGEST or not explained < NOTHING:
            continue
        gap, size = hull_gap(x[t == classes[0]], x[t == classes[1]]), float(x.abs().max())
        if gap > EQUAL * size:
            continue
        yield Finding(
            slug="not-separable",
            title="no weights of this model can answer every sample right",
            where=Where.of(layers[0]),
            steps=(case.steps[0].index, seen.index),
            evidence={
                "distance of the classes' convex hulls": gap,
                "size of the data": size,
                "loss": case.losses[-1],
                "share of the targets' variance that the predictions explain": explained,
            },
            because="the prediction depends on one weighted sum of the inputs, and a mixture of samples of one class "
            "is the same point as a mixture of the other: what raises the answer for one raises it for the other, so "
            "the samples' shares of the gradient cancel while the answers are wrong",
            fix="put a layer with a bend before the last one",
            diff="-    nn.Linear(n, 1)\n+    nn.Linear(n, 8), nn.Tanh(), nn.Linear(8, 1)",
            attempts=(Intervention.at(layers[0], "hidden", width=8), Intervention.at(layers[0], "hidden", width=64)),
        )


def _linear(seen: Seen) -> list[Call]:
    """The calls from data to prediction where they are one affine number for each sample and a bend behind it."""
    prediction, data = seen.notation.prediction, seen.batch.data
    if prediction is None or data is None or prediction.numel != seen.batch.count:
        return []
    found: list[Call] = []
    call = seen.producer(prediction)
    while call is not None:
        found.append(call)
        match computation(call, links(call)):
            case Map(_, arguments, "none") if len(call.values) == 1 and len(arguments) == 1:
                pass
            case Products():
                pass
            case _:
                return []
        results = [value for value in call.values if value.kind == "result"]
        if not results:
            return found[::-1] if data in call.values and _bends_last(found[::-1]) else []
        if len(results) > 1:
            return []
        call = seen.producer(results[0])
    return []


def _bends_last(calls: list[Call]) -> bool:
    """Whether all products come before all bends; a bend between two layers makes the model more than linear."""
    kinds = [isinstance(computation(call, links(call)), Products) for call in calls]
    return kinds == sorted(kinds, reverse=True) and sum(not kind for kind in kinds) <= 1


def _explained(seen: Seen, t: Tensor) -> float:
    """The squared correlation of predictions and targets; 0 where all predictions are equal, up to rounding."""
    prediction = seen.notation.prediction
    if prediction is None or prediction.tensor is None:
        return math.nan
    p = prediction.tensor.double().reshape(-1)
    p, t = p - p.mean(), t - t.mean()
    size = float(p.norm() * t.norm())
    return (float(p @ t) / size) ** 2 if size > 0 and float(p.abs().max()) > 1e-5 else 0.0


def hull_gap(first: Tensor, second: Tensor) -> float:
    """The distance of two convex hulls, each of the rows of a tensor, from above."""
    p, q = first[0].clone(), second[0].clone()
    for _ in range(ROUNDS):
        towards = q - p
        a, b = first[int((first @ towards).argmax())], second[int((second @ towards).argmin())]
        move = (b - a) - (q - p)  # the difference of the hulls, moved to its vertex nearest the origin
        length = float(move @ move)
        if length == 0:
            break
        share = min(max(-float((q - p) @ move) / length, 0.0), 1.0)
        if share == 0:
            break
        p, q = p + share * (a - p), q + share * (b - q)
    return float((q - p).norm())
