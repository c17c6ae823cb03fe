"""A prediction is compared with its own target.

Law: where a loss compares ŷ with t element by element, broadcasting adds no pairs. A prediction of shape (N, 1) and a
target of shape (N,) broadcast to (N, N): every prediction is compared with every target, and

    ∂L/∂ŷ[n] = Σ_m ∂ℓ(ŷ[n], t[m])/∂ŷ[n] / N²

is the same function of ŷ[n] for every n. All predictions are drawn to the same number (for the squared error the mean
target), whatever the input.

The threshold is none: more pairs than predictions and than targets are never meant.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from chainrule.diagnose.case import Case
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.step import Call, Value

BY_HAND = {"sub", "rsub"}  # (prediction − target) ** 2, written out


def check(case: Case) -> Iterator[Finding]:
    for seen, call in case.calls():
        pair = _compared(call, seen.notation.prediction)
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


def _compared(call: Call, prediction: Value | None) -> tuple[Value, Value] | None:
    """Prediction and target of a loss that compares them element by element."""
    target = call.arguments.get("target")
    given = call.arguments.get("input")
    if isinstance(target, Value) and isinstance(given, Value) and target.dtype.is_floating_point:
        try:
            np.broadcast_shapes(given.shape, target.shape)  # torch's own imports sympy: 0.3 s
        except ValueError:  # class probabilities, or a loss of another kind
            return None
        return given, target
    if call.rule in BY_HAND and prediction is not None:
        others = [value for value in call.values if value is not prediction]
        if prediction in call.values and len(others) == 1 and others[0].kind == "data" and others[0].shape:
            return prediction, others[0]
    return None
