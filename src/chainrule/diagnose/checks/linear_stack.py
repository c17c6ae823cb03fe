"""There is a bend between two layers.

Law: W₂(W₁x + b₁) + b₂ = (W₂W₁)x + (W₂b₁ + b₂): layers without a bend between them are one affine function, however
many they are. No weights of it explain more of the targets than least squares does, which is computed here.

The finding: prediction or logits are an affine function of the inputs, least squares leaves more than half of the
targets' spread, and the nearest other samples (answers.py) explain 0.3 more of it than any affine function: there is
something to learn that is not affine. Where a straight line fits, a linear model is the right one.
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.breakdown.links import Gathered, links
from chainrule.diagnose.answers import comparisons, late_answers
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.measure import least_squares, nearest
from chainrule.step import Call

LAYERS = {"linear", "addmm", "matmul", "conv1d", "conv2d", "conv3d"}
AFFINE = (
    LAYERS
    | {"dropout", "batch_norm", "batch_norm_eval", "mean", "sum", "cat"}
    | {
        *(
            "avg_pool1d",
            "avg_pool2d",
            "avg_pool3d",
            "adaptive_avg_pool1d",
            "adaptive_avg_pool2d",
            "adaptive_avg_pool3d",
        ),
    }
)
WITH_NUMBERS = {"add", "sub", "mul", "div", "neg"}  # affine where only one operand depends on the inputs
LAST = {"sigmoid", "softmax", "functional_softmax", "log_softmax", "functional_log_softmax", "tanh"}  # strictly rising
HALF = 0.5
MORE = 0.3


def check(case: Case) -> Iterator[Finding]:
    answers = late_answers(case)
    if not case.steps or answers.distinct is None or answers.explained > HALF:
        return
    seen = case.steps[-1]
    layers = _layers(seen)
    if not layers:
        return
    best = least_squares(*answers.distinct)
    if best > HALF:
        return
    others = nearest(*answers.distinct)
    if others < best + MORE:
        return
    yield Finding(
        slug="linear-stack",
        title=f"{len(layers)} layers without a bend between them are one linear layer"
        if len(layers) > 1
        else "one linear layer, and targets that are no linear function",
        where=Where.of(layers[0]),
        steps=(case.steps[0].index, seen.index),
        evidence={
            "share of the targets' spread that the network explains": answers.explained,
            "that the best affine function explains": best,
            "that the nearest other samples explain": others,
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


def _layers(seen: Seen) -> list[Call]:
    """The layers from data to prediction, where all that lies between is affine; else none."""
    compared = comparisons(seen)
    data = seen.batch.data
    if len(compared) != 1 or data is None:
        return []
    call = seen.producer(compared[0].prediction)
    found: list[Call] = []
    behind = True
    while call is not None:
        if call.rule in LAYERS and any(value.kind == "parameter" for value in call.values):
            found.append(call)
            behind = False
        elif (call.rule in LAST and behind) or (
            call.rule in WITH_NUMBERS and sum(value.kind == "result" for value in call.values) == 1
        ):
            pass
        elif call.rule not in AFFINE and not _moves_only(call):
            return []
        results = {value for value in call.values if value.kind == "result"}
        if not results:
            return found[::-1] if data in call.values else []
        if len(results) > 1:
            return []
        call = seen.producer(results.pop())
    return []


def _moves_only(call: Call) -> bool:
    return (
        any(isinstance(link.pattern, Gathered) for link in links(call))
        and len(call.inputs) == 1
        and ("pool" not in str(call.rule))
    )
