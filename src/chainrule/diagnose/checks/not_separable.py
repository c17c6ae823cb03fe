"""A linear model is given data that a line can separate.

Law: where the prediction is σ(a), or a itself, of one affine number a = w·x + b for each sample, and the targets are
two classes, some w and b put the classes on two sides. (Of several classes, a is the difference of two logits; of
symbols, x is their one-hot vectors: a sum of rows of a table is affine in those.) That fails exactly where their convex
hulls meet: if

    Σ λ[i]·x[i] = Σ μ[j]·x[j],   λ, μ ≥ 0,   Σ λ = Σ μ = 1   (i of class 0, j of class 1)

then Σ λ[i]·a[i] = Σ μ[j]·a[j] for every w and b, and not all a of one class are smaller than all of the other. The
common point is found as the nearest points of the hulls (Gilbert 1966, as the Frank-Wolfe step of Jaggi 2013) and put
into the equation: the finding holds only if the two sides are equal up to 1e-3 of the data's size, so it is proved to
that precision.

Classes that overlap are no fault: a linear model may be the best there is. So the predictions must also say nothing
about the targets, less than 5 % of their variance (the squared correlation; 10 % where chance does that), as at the
minimum for XOR, while the inputs do: of many samples, equal inputs or a simple function with a bend (measure.bent) tell
30 % of it and more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import torch

from chainrule.diagnose.answers import FEWEST, MOST
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.comparison import comparisons
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.layers import RISING, WITH_NUMBERS, affine_calls, is_layer, moves_only
from chainrule.diagnose.measure import bent, grouped
from chainrule.step import Call

Tensor = torch.Tensor

PLACEWISE = {"linear", "addmm", "embedding", "dropout"}  # takes each answer from one row of the inputs
MOST_NUMBERS = 1 << 22  # of one-hot vectors
CLASSES = 3  # that are compared in pairs
TOLD = 0.3  # of the targets' spread, that the inputs tell
ROUNDS = 4000
EQUAL = 1e-3
LARGEST = 4096  # samples
NOTHING = 0.05  # of the targets' variance that the predictions explain


def check(case: Case) -> Iterator[Finding]:
    for seen in case.steps[-1:]:
        rows = _rows(seen)
        if rows is None or len(rows.x) > LARGEST or not _correlation(rows) < _nothing(rows) or not _learnable(rows):
            continue
        size = float(rows.x.abs().max())
        gap = min((hull_gap(a, b) for a, b in _pairs(rows)), default=math.inf)
        if gap > EQUAL * size:
            continue
        yield Finding(
            slug="not-separable",
            title="no weights of this model can answer every sample right",
            where=Where.of_layer(rows.layers[0]),
            steps=(case.steps[0].index, seen.index),
            evidence={
                "distance of the classes' convex hulls": gap,
                "size of the data": size,
                "loss": case.losses[-1],
                "share of the targets' variance that the predictions explain": _correlation(rows),
            },
            because="the prediction depends on one weighted sum of the inputs, and a mixture of samples of one class "
            "is the same point as a mixture of the other: what raises the answer for one raises it for the other, so "
            "the samples' shares of the gradient cancel while the answers are wrong",
            fix="put a layer with a bend before the last one",
            diff="-    nn.Linear(n, 1)\n+    nn.Linear(n, 8), nn.Tanh(), nn.Linear(8, 1)",
            attempts=tuple(Intervention.at(rows.layers[-1], "hidden", width=width) for width in (8, 64)),
        )


class Rows(NamedTuple):
    """The inputs of each answer, what was answered, and the targets: one-hot of several classes, or one number."""

    layers: list[Call]
    x: Tensor
    given: Tensor
    t: Tensor


def _rows(seen: Seen) -> Rows | None:
    """Where the answers are affine in the inputs, but for a rising function behind them, and the targets classes."""
    compared, data = comparisons(seen), seen.batch.data
    pair = compared[0].answers() if len(compared) == 1 else None
    if pair is None or data is None or data.tensor is None:
        return None
    calls = affine_calls(seen, compared[0].prediction, RISING)
    layers = [call for call in calls if is_layer(call)]
    given, t = pair if compared[0].is_classes else (pair[0].reshape(-1, 1), pair[1].reshape(-1, 1))
    x = _inputs(calls, data.tensor, len(t))
    if not layers or x is None or (t.shape[1] == 1 and len(t.unique()) != 2):
        return None
    return Rows(layers, x, given.double(), t.double())


def _inputs(calls: list[Call], data: Tensor, count: int) -> Tensor | None:
    """The features of each of `count` answers: of its sample, or of its place where no call takes from two places."""
    tables = [call.arguments["weight"].shape[0] for call in calls if call.rule == "embedding"]
    if len(tables) > 1 or data.is_complex() or bool(tables) == data.dtype.is_floating_point:
        return None
    if tables:
        if data.numel() * tables[0] > MOST_NUMBERS:
            return None
        data = torch.nn.functional.one_hot(data.long(), tables[0])
    if len(data) == count:
        return data.double().reshape(count, -1)
    alone = all(call.rule in PLACEWISE or call.rule in WITH_NUMBERS or moves_only(call) for call in calls)
    return data.double().reshape(count, -1) if alone and data.shape[:-1].numel() == count else None


def _learnable(rows: Rows) -> bool:
    """Whether the inputs tell the classes, if not by a line: a noise of labels is no fault of the model.

    So few samples that each may stand for a rule of its own, as those of XOR, are taken at their word.
    """
    distinct, group = torch.unique(rows.x, dim=0, return_inverse=True)
    if 2 * len(distinct) < len(rows.x):
        return grouped(group, rows.t) > TOLD
    return len(rows.x) < FEWEST or bent(rows.x[:MOST], rows.t[:MOST]) > TOLD


def _pairs(rows: Rows) -> Iterator[tuple[Tensor, Tensor]]:
    """The inputs of two classes each, of the most frequent ones."""
    marks = rows.t.argmax(1) if rows.t.shape[1] > 1 else (rows.t[:, 0] > rows.t.mean()).long()
    usual = marks.bincount().argsort(descending=True)[:CLASSES].tolist()
    parts = [torch.unique(rows.x[marks == mark], dim=0) for mark in usual if bool((marks == mark).any())]
    yield from combinations(parts, 2)


def _nothing(rows: Rows) -> float:
    """NOTHING, and what as many features explain of a noise of so many samples; at most as much again."""
    return NOTHING + min(rows.x.shape[1] / len(rows.x), NOTHING)


def _correlation(rows: Rows) -> float:
    """The squared correlation of answers and targets; 0 where all answers are equal, up to rounding."""
    p, t = rows.given - rows.given.mean(0), rows.t - rows.t.mean(0)
    size = p.norm(dim=0) * t.norm(dim=0)
    shares = ((p * t).sum(0) / size).square()[(size > 0) & (p.abs().amax(0) > 1e-5)]
    return float(shares.max()) if len(shares) else 0.0


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
