"""There is a bend between two layers.

Law: W₂(W₁x + b₁) + b₂ = (W₂W₁)x + (W₂b₁ + b₂): layers without a bend between them are one affine function, however
many they are. No weights of it explain more of the targets than least squares does, which is computed here.

The finding: prediction or logits are an affine function of the inputs, least squares leaves more than half of the
targets' spread, and a simple function with a bend (measure.bent) explains 0.3 more of it than any affine function, of
targets it was not fitted to: there is something to learn that is not affine. Where a straight line fits, a linear model
is the right one. Least squares through few samples of many features says nothing; there the best affine function is
judged by targets it was not fitted to, too.

And where the loss asks for the slope of the answers by the inputs (torch.autograd.grad, as for a differential
equation): that of an affine function is the same everywhere. There the finding is a stack of layers of which every step
looked at gets one slope for all its samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch

from chainrule.diagnose.answers import Both, each_answers
from chainrule.diagnose.case import Case, Seen, tells
from chainrule.diagnose.comparison import comparisons
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.layers import SQUASHES, affine_layers, moves_only
from chainrule.diagnose.measure import affine, bent, least_squares
from chainrule.step import Backward, Call, Value

Tensor = torch.Tensor

HALF = 0.5
MORE = 0.3
ENOUGH = 4  # samples for each feature: of noise, least squares explains a quarter
LAYERS = {"linear", "addmm"}
SUMS = {"sum", "mean"}  # of the answers: each sample's slope is left
FEWEST = 8  # samples
SAME = 1e-4  # of the slope: each sample's is the same product, rounded alike


class Slope(NamedTuple):
    """The layers between inputs and answers, how many samples have the slope in common, and the pass that gave it."""

    layers: list[Call]
    samples: int
    asked: Backward


def check(case: Case) -> Iterator[Finding]:
    slopes = [_one_slope(seen) for seen in case.steps]
    if slopes and all(slopes):
        yield _of_slope(case, slopes[0])  # type: ignore[arg-type]  # all are there
        return
    for which, answers in enumerate(each_answers(case)):
        if (found := _of_targets(case, answers, comparisons(case.steps[-1])[which].prediction)) is not None:
            yield found
            return


def _of_targets(case: Case, both: Both, prediction: Value) -> Finding | None:
    answers, all_samples = both.late, both.all.distinct
    if all_samples is None or answers.explained > HALF:
        return None
    seen = case.steps[-1]
    layers = affine_layers(seen, prediction, SQUASHES)
    best = _best(*all_samples) if layers else math.inf
    if best > HALF:
        return None
    others = bent(*all_samples)
    if others < max(best, answers.explained) + MORE:
        return None
    return Finding(
        slug="linear-stack",
        title=f"{len(layers)} layers without a bend between them are one linear layer"
        if len(layers) > 1
        else "one linear layer, and targets that are no linear function",
        where=_between(layers),
        steps=(case.steps[0].index, seen.index),
        evidence={
            "share of the targets' spread that the network explains": answers.explained,
            "that the best affine function explains": best,
            "that a simple function with a bend explains": others,
            "layers": len(layers),
        },
        because="a product of matrices is one matrix: the local derivatives are the same for every sample, so the "
        "network can only tilt a plane",
        fix="a bend (ReLU, tanh) behind every layer but the last",
        diff="-    nn.Linear(n, m), nn.Linear(m, k)\n+    nn.Linear(n, m), nn.ReLU(), nn.Linear(m, k)",
        attempts=(
            *((Intervention.at(layers[0], "after", function="relu", options={}),) if len(layers) > 1 else ()),
            Intervention.at(layers[-1], "hidden", width=16),
        ),
    )


def _between(layers: list[Call]) -> Where:
    """Where the script's own forward calls one after the other, a bend is missing there; else where they were made."""
    return Where.of_layer(layers[0]) if len({call.where for call in layers[:2]}) == 1 else Where.of(layers[0])


def _best(x: Tensor, t: Tensor) -> float:
    """What the best affine function explains."""
    return least_squares(x, t) if len(x) >= ENOUGH * x.shape[1] else affine(x, t)


def _one_slope(seen: Seen) -> Slope | None:
    """What a pass gave the script as the slope by inputs that differ, where it is the same for all of them."""
    for one in seen.step.backwards:
        layers = [call for call in one.calls if call.rule in LAYERS]
        if (
            not one.returned
            or len(layers) < 2
            or not all(c in layers or c.rule in SUMS or moves_only(c) for c in one.calls)
        ):
            continue
        for index, slope in one.received.items():
            value = seen.step.values[index]
            alike = len(slope) >= FEWEST and bool((slope - slope[:1]).abs().max() <= SAME * slope.abs().max())
            if alike and slope.any() and not value.owned and tells(value):
                return Slope(layers, len(slope), one)
    return None


def _of_slope(case: Case, slope: Slope) -> Finding:
    layers = slope.layers
    return Finding(
        slug="linear-stack",
        title=f"{len(layers)} layers without a bend between them: their slope by the inputs is the same everywhere",
        where=_between(layers),
        steps=(case.steps[0].index, case.last),
        evidence={
            "layers": len(layers),
            "samples with one slope": slope.samples,
            "asked for": slope.asked.at.line,
            "loss": case.losses[-1],
        },
        because="a product of matrices is one matrix, and that is the slope: no weights let it differ between samples, "
        "as the loss asks for",
        fix="a bend with a slope that changes (tanh, softplus) behind every layer but the last",
        diff="-    nn.Linear(n, m), nn.Linear(m, k)\n+    nn.Linear(n, m), nn.Tanh(), nn.Linear(m, k)",
        attempts=(Intervention.at(layers[0], "after", function="tanh", options={}),),
    )
