"""There is a bend between two layers.

Law: W₂(W₁x + b₁) + b₂ = (W₂W₁)x + (W₂b₁ + b₂): layers without a bend between them are one affine function, however
many they are. No weights of it explain more of the targets than least squares does, which is computed here.

The finding: prediction or logits are an affine function of the inputs, least squares leaves more than half of the
targets' spread, and a simple function with a bend (measure.bent) explains 0.3 more of it than any affine function, of
targets it was not fitted to: there is something to learn that is not affine. Where a straight line fits, a linear model
is the right one. Least squares through few samples of many features says nothing; there the best affine function is
judged by targets it was not fitted to, too.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from chainrule.diagnose.answers import all_answers, late_answers
from chainrule.diagnose.case import Case
from chainrule.diagnose.comparison import comparisons
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.layers import SQUASHES, affine_layers
from chainrule.diagnose.measure import affine, bent, least_squares

Tensor = torch.Tensor

HALF = 0.5
MORE = 0.3
ENOUGH = 4  # samples for each feature: of noise, least squares explains a quarter


def check(case: Case) -> Iterator[Finding]:
    answers, all_samples = late_answers(case), all_answers(case).distinct
    if not case.steps or all_samples is None or answers.explained > HALF:
        return
    seen = case.steps[-1]
    compared = comparisons(seen)
    layers = affine_layers(seen, compared[0].prediction, SQUASHES) if len(compared) == 1 else []
    if not layers:
        return
    best = _best(*all_samples)
    if best > HALF:
        return
    others = bent(*all_samples)
    if others < max(best, answers.explained) + MORE:
        return
    yield Finding(
        slug="linear-stack",
        title=f"{len(layers)} layers without a bend between them are one linear layer"
        if len(layers) > 1
        else "one linear layer, and targets that are no linear function",
        # where the script's own forward calls one after the other, a bend is missing there
        where=Where.of_layer(layers[0]) if len({call.where for call in layers}) == 1 else Where.of(layers[0]),
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


def _best(x: Tensor, t: Tensor) -> float:
    """What the best affine function explains."""
    return least_squares(x, t) if len(x) >= ENOUGH * x.shape[1] else affine(x, t)
