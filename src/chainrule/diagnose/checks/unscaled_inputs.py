"""The features are of one size.

Law: for a first layer z = W·x + b the curvature of the loss is that of E[x̃·x̃ᵀ], x̃ = (x, 1), times what comes behind
(LeCun, Bottou, Orr & Müller, Efficient BackProp, 1998, section 4.3). Its largest eigenvalue λ bounds the learning rate,
and a direction in which the data has variance v needs about λ/v steps. A feature in thousands beside one in tenths, or
an offset far larger than the spread (data normalised twice), makes that millions. Units that saturate come of the same:
offset times weight decides on which side all samples lie, and no slope is left to change that.

The finding: λ/v of the data as they are, v the lower quartile of the features' variances (and of the constant 1), is
more than THRESHOLD times what it is for standardised data, so that it is the scale and not the kinship of the features;
and the network explains less than half of what simple answers to the standardised inputs do (answers.py), or its loss
is no longer finite. Whoever learns from unscaled data all the same has no fault.

Or the data, as they are, are so large that nearly all numbers of the first bend lie where it is flat (saturated.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from chainrule.diagnose.answers import all_answers, falls_short, late_answers
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.checks.saturated import Flat, flattest, is_by_inputs
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.measure import standardised
from chainrule.step import Call

Tensor = torch.Tensor

THRESHOLD = 1000.0  # as with one feature of the spread 30 beside one of 1
MOST_FEATURES = 256


def check(case: Case) -> Iterator[Finding]:
    flat = flattest(case)
    if flat is not None and is_by_inputs(case, flat):
        yield _flat(case, flat)
        return
    answers = all_answers(case)
    if answers.distinct is None or not falls_short(case):
        return
    x, _ = answers.distinct
    x = x[:, :: max(1, x.shape[1] // MOST_FEATURES)]
    times = unequal(x)
    if times < THRESHOLD:
        return
    seen = case.steps[0]
    call = _first(seen)
    if call is None:
        return
    spread, mean = x.std(0, correction=0), x.mean(0)
    yield Finding(
        slug="unscaled-inputs",
        title=f"the inputs' scale makes some directions {times:,.0f} times slower to learn",
        where=Where.of(call),
        steps=(seen.index, case.last),
        evidence={
            "least and largest spread of a feature": [float(spread.min()), float(spread.max())],
            "largest mean of a feature": float(mean.abs().max()),
            "times slower than standardised": times,
            "share of the targets' spread that the network explains": late_answers(case).explained,
            "that simple answers to scaled inputs explain": answers.attainable,
        },
        because="the gradient of a weight is that of its unit times its input: the largest inputs take the whole step "
        "and bound the learning rate, the others hardly move",
        fix="(x − mean) / spread of each feature, once, with the numbers of the training data",
        diff="+    x = (x - x.mean(0)) / x.std(0)",
        attempts=(Intervention.at(call, "standardise", argument="input", whole=False),),
    )


def _flat(case: Case, flat: Flat) -> Finding:
    first = case.steps[0]
    data, before = first.batch.data, flat.before
    assert data is not None  # is_by_inputs
    assert data.tensor is not None
    assert before is not None
    rows = data.tensor.double().reshape(-1, data.shape[-1])
    return Finding(
        slug="unscaled-inputs",
        title=f"the inputs are of about {flat.size:,.3g}: {flat.share:.0%} of {flat.call.name} lies where it is flat",
        where=Where.of(before),
        steps=(first.index, case.last),
        evidence={
            "mean size of the inputs": flat.size,
            "largest mean of a feature": float(rows.mean(0).abs().max()),
            "share of numbers with a slope below a hundredth of the largest": flat.share,
        },
        because="z = W·x is as large as x: the slope of the bend there is nearly 0, and next to nothing of the error "
        "reaches the first layer",
        fix="(x − mean) / spread of each feature, once, with the numbers of the training data",
        diff="+    x = (x - x.mean(0)) / x.std(0)",
        attempts=(Intervention.at(before, "standardise", argument="input", whole=False),),
    )


def unequal(x: Tensor) -> float:
    """How many times more steps the slow directions need than those of the standardised data."""
    scaled = standardised(x)
    varies = x.double().std(0, correction=0) > 0
    variances = torch.cat([x.double()[:, varies].var(0, correction=0), torch.ones(1)])
    slow = float(variances.sort().values[(len(variances) - 1) // 4])
    if scaled.shape[1] == 0 or not slow > 0:
        return math.nan
    return _largest(x.double()) / slow / _largest(scaled)


def _largest(x: Tensor) -> float:
    """The largest eigenvalue of E[x̃·x̃ᵀ]."""
    x = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], 1)
    return float(torch.linalg.svdvals(x)[0]) ** 2 / len(x)


def _first(seen: Seen) -> Call | None:
    """The layer that takes the data."""
    return next((call for call in seen.calls if seen.batch.data in call.values), None)
