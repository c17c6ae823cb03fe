"""The last function can give what the targets ask for.

Law: σ gives numbers in (0, 1), tanh in (−1, 1), ReLU none below 0. A target beyond is never reached, whatever the
weights; the answers are pressed against the bound, where the slope of the bend vanishes. What the nearest reachable
number leaves of the loss is computed for the targets seen: the least loss that is possible. The other way round, binary
cross-entropy of a target outside [0, 1] has no least value at all: −t·ln p − (1 − t)·ln(1 − p) falls for ever.

A loss that is written in another way counts by its differences of an answer and data, as in a normal density.

The finding: the least possible loss is a tenth and more of that of the best constant answer. Below that (a target of
1.02 behind a sigmoid, a few negative numbers of noise behind a ReLU) the network can learn nearly all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.comparison import LOGITS, Comparison, comparisons, differences
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.step import Call, Value

Tensor = torch.Tensor

RANGES = {
    "sigmoid": (0.0, 1.0),
    "hardsigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "functional_softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, math.inf),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, math.inf),
    "log_softmax": (-math.inf, 0.0),
    "functional_log_softmax": (-math.inf, 0.0),
    "logsigmoid": (-math.inf, 0.0),
}
PARTS = {"unbind", "chunk", "split", "getitem", "select", "narrow"}
EVERYTHING = (-math.inf, math.inf)
MUCH = 0.1
BEYOND = 0.01  # an image that was resized goes a little beyond


def check(case: Case) -> Iterator[Finding]:
    found = [(seen, comparison) for seen in case.steps for comparison in _compared(seen)]
    for seen, first in found[: len(_compared(case.steps[0]))] if found else ():
        pairs = [c for _, c in found if (c.call.where, c.call.rule) == (first.call.where, first.call.rule)]
        targets = [c.target.tensor.double().flatten() for c in pairs if c.target.tensor is not None]
        if not targets or first.form not in ("probabilities", "numbers"):
            continue
        t = torch.cat(targets)
        last = _whole(seen, seen.origin(first.prediction))
        if first.form == "probabilities" and bool(((t < -BEYOND) | (t > 1 + BEYOND)).any()):
            yield _without_least(case, first, t)
            return
        low, high = _range(seen, first.prediction)
        if last is None or (low, high) == EVERYTHING:
            continue
        own, least, constant = _least(first, t, low, high)
        if least - own > MUCH * (constant - own) > 0:
            if first.form == "probabilities" and last.rule == "sigmoid":  # it is meant there: the bend before it is not
                last = seen.origin(last.arguments["input"]) or last
            yield _beyond(case, last, t, (low, high), (least, constant))
            return


def _compared(seen: Seen) -> list[Comparison]:
    return comparisons(seen) or differences(seen)


def _beyond(case: Case, last: Call, t: Tensor, reach: tuple[float, float], loss: tuple[float, float]) -> Finding:
    return Finding(
        slug="output-range",
        title=f"behind {last.name} all answers lie from {reach[0]:g} to {reach[1]:g}, the targets go "
        f"from {float(t.min()):.3g} to {float(t.max()):.3g}",
        where=Where.of_layer(last),
        steps=(case.steps[0].index, case.last),
        evidence={
            "share of the targets out of reach": float(((t < reach[0]) | (t > reach[1])).double().mean()),
            "least loss that is possible": loss[0],
            "loss of the best constant answer": loss[1],
        },
        because="the answer nearest to such a target lies at the bound, where the slope of the bend goes to 0: the "
        "gradient dies while the loss is still large",
        fix="no bend behind the last layer, or targets scaled into its range",
        diff=f"-    return {last.name}(x)\n+    return x",
        attempts=(Intervention.at(last, "skip"),),
    )


def _without_least(case: Case, first: Comparison, t: Tensor) -> Finding:
    return Finding(
        slug="output-range",
        title=f"{first.call.name} takes targets from 0 to 1 and is given {float(t.min()):.3g} to {float(t.max()):.3g}",
        where=Where.of(first.call),
        steps=(case.steps[0].index, case.last),
        evidence={"least target": float(t.min()), "largest target": float(t.max()), "loss": case.losses[-1]},
        because="−t·ln p − (1 − t)·ln(1 − p) has a least value only for t from 0 to 1: beyond, the gradient σ(z) − t "
        "never becomes 0, and the weights grow for ever",
        fix="targets of 0 and 1: (target + 1) / 2 of −1 and 1, target / 255 of bytes; of several classes cross_entropy",
    )


def _whole(seen: Seen, call: Call | None) -> Call | None:
    """What gave the numbers of which this call takes a part."""
    while call is not None and call.rule in PARTS:
        call = seen.origin(call.arguments["input"])
    return call


def _range(seen: Seen, value: Value) -> tuple[float, float]:
    """Between which numbers the value lies, whatever the weights are; followed back through increasing functions."""
    call = _whole(seen, seen.origin(value))
    if call is None or call.rule not in RANGES:
        return EVERYTHING
    low, high = RANGES[call.rule]
    if call.rule == "sigmoid":  # of what is itself bounded
        inner = _range(seen, call.arguments["input"])
        low, high = (1 / (1 + math.exp(-bound)) if abs(bound) < 700 else float(bound > 0) for bound in inner)
    elif call.rule == "relu":
        low, high = (max(bound, 0.0) for bound in _range(seen, call.arguments["input"]))
    elif call.rule == "tanh":
        low, high = (math.tanh(bound) for bound in _range(seen, call.arguments["input"]))
    return low, high


def _least(comparison: Comparison, t: Tensor, low: float, high: float) -> tuple[float, float, float]:
    """The loss if every answer were its target, if it were the reachable number nearest to that, and that of the best
    constant answer. A target between 0 and 1 has an entropy of its own."""
    rule = comparison.call.rule
    if comparison.form == "probabilities":
        if rule in LOGITS:
            low, high = (1 / (1 + math.exp(-bound)) if abs(bound) < 700 else float(bound > 0) for bound in (low, high))
        return _entropy(t, t), _entropy(t, t.clamp(low, high)), _entropy(t, t.mean().expand_as(t))
    away = t - t.clamp(low, high)
    if rule == "l1_loss":
        return 0.0, float(away.abs().mean()), float((t - t.median()).abs().mean())
    return 0.0, float(away.square().mean()), float((t - t.mean()).square().mean())


def _entropy(t: Tensor, p: Tensor) -> float:
    return float(-(torch.xlogy(t, p) + torch.xlogy(1 - t, 1 - p)).mean())
