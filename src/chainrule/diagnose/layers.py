"""The layers of a network, and how the differences between samples fare on the way through them."""

from __future__ import annotations

import math

from chainrule.diagnose.case import Seen
from chainrule.step import Call, Value

FEWEST = 2  # layers; a recurrent net of several is one call


def weight_layers(seen: Seen) -> list[tuple[Call, Value]]:
    """The calls with a weight matrix, in order."""
    found = ((call, value) for call in seen.calls for value in call.values if value.kind == "parameter")
    return [(call, value) for call, value in found if len(value.shape) > 1]


def spreads(seen: Seen) -> tuple[float, float]:
    """Over the samples, of the first and of the last layer's input."""
    layers = weight_layers(seen)
    if len(layers) < FEWEST:
        return math.nan, math.nan
    first = next((s for s in map(_spread, map(_input, layers[:-1])) if s > 0), math.nan)  # a first state is all 0
    return first, _spread(_input(layers[-1]))


def _input(layer: tuple[Call, Value]) -> Value | None:
    call, weight = layer
    return next(
        (v for v in call.values if v is not weight and v.kind != "parameter" and v.dtype.is_floating_point), None
    )


def _spread(value: Value | None) -> float:
    """The root mean square of how far the samples lie from their mean."""
    t = None if value is None else value.tensor
    if t is None or t.dim() < 2 or len(t) < 2:
        return math.nan
    return float(t.double().std(0, correction=0).square().mean().sqrt())


def size(weight: Value) -> float:
    """Root mean square of the weights times √n, n inputs of a unit."""
    if weight.tensor is None or not weight.numel:
        return math.nan
    return float(weight.tensor.double().square().mean().sqrt()) * math.sqrt(weight.numel / weight.shape[0])
