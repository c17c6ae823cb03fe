"""The layers of a network, and how the differences between samples fare on the way through them."""

from __future__ import annotations

import math

from chainrule.breakdown.computation import Products, computation, is_pointwise
from chainrule.breakdown.links import Gathered, links
from chainrule.diagnose.case import Seen
from chainrule.step import Call, Value

FEWEST = 2  # layers; a recurrent net of several is one call
CONVOLUTIONS = {"conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"}
AFFINE = {
    *("dropout", "batch_norm", "batch_norm_eval", "mean", "sum", "cat"),
    *("avg_pool1d", "avg_pool2d", "avg_pool3d"),
    *("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"),
}
BY_PLACE = {"embedding", "dropout", "layer_norm", "rms_norm", "linear", "addmm"}  # act on each row by itself
SUMS = {"add", "sub"}
TURNS = {"t", "transpose", "permute", "T", "mT"}
RECTIFIERS = {"relu", "relu6", "threshold"}
WITH_NUMBERS = SUMS | {"mul", "div", "neg"}  # affine where only one operand depends on the inputs
SQUASHES = {"sigmoid", "softmax", "functional_softmax", "log_softmax", "functional_log_softmax", "tanh"}
# What never falls where its input rises: in whatever order it is given two numbers, it has no other to give.
RISING = SQUASHES | {"relu", "relu6", "leaky_relu", "elu", "softplus", "hardtanh", "hardsigmoid", "softsign", "exp"}


def is_rectifier(call: Call) -> bool:
    """Whether it is max(0, z), by its name or as a clamp."""
    clamps = call.rule in ("clamp", "clamp_min") and call.arguments.get("min") == 0 and not call.arguments.get("max")
    return call.rule in RECTIFIERS or clamps


def is_in_front_of_a_layer(seen: Seen, call: Call) -> bool:
    return any(layer.index > call.index for layer, _ in weight_layers(seen))


def weight_layers(seen: Seen) -> list[tuple[Call, Value]]:
    """The calls with a weight matrix, in order."""
    found = ((call, weight_of(seen, value)) for call in seen.calls if call.rule not in TURNS for value in call.values)
    return [(call, weight) for call, weight in found if weight is not None and len(weight.shape) > 1]


def weight_of(seen: Seen, value: Value) -> Value | None:
    """The parameter that this is, as it is or with its axes turned."""
    made = seen.producer(value)
    while made is not None and made.rule in TURNS:
        value = made.inputs[0]
        made = seen.producer(value)
    return value if value.kind == "parameter" else None


def spreads(seen: Seen) -> tuple[float, float]:
    """Over the samples, of the first and of the last layer's input."""
    layers = weight_layers(seen)
    if len(layers) < FEWEST:
        return math.nan, math.nan
    came = (_spread(_input(seen, layer)) for layer in layers[:-1])
    first = next((s for s in came if s > 0), math.nan)  # a first state is all 0
    return first, _spread(_input(seen, layers[-1]))


def _input(seen: Seen, layer: tuple[Call, Value]) -> Value | None:
    given = (value for value in layer[0].values if weight_of(seen, value) is None)
    return next((value for value in given if value.dtype.is_floating_point), None)


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


def affine_layers(seen: Seen, prediction: Value, last: set[str]) -> list[Call]:
    """The layers from the data to the prediction, in order, where all that lies between is affine; else none."""
    return [call for call in affine_calls(seen, prediction, last) if is_layer(call)]


def affine_calls(seen: Seen, prediction: Value, last: set[str]) -> list[Call]:
    """The calls from the data to the last layer, in order, where they are all affine; else none.

    `last` are functions that may stand behind the last layer. An embedding is affine in its symbols' one-hot vectors.
    """
    value = prediction
    while (call := seen.producer(value)) is not None and (call.rule in last or moves_only(call)):
        value = next((v for v in call.values if v.kind == "result"), value)
        if seen.producer(value) is call:
            return []
    todo: list[Call | None] = [call]
    found: dict[int, Call] = {}
    entered = False
    while todo:
        call = todo.pop()
        if call is None or call.index in found:
            continue
        results = [v for v in call.values if v.kind == "result"]
        entered |= seen.batch.data in call.values
        if not is_layer(call) and not _is_affine(call, results):
            return []
        found[call.index] = call
        todo += [seen.producer(v) for v in results]
    return [call for _, call in sorted(found.items())] if entered else []


def calls_by_place(seen: Seen, value: Value) -> list[Call]:
    """The calls from the data to this value, in order, where each acts on every place (a row) by itself; else none."""
    todo = [seen.producer(value)]
    found: dict[int, Call] = {}
    while todo:
        call = todo.pop()
        if call is None or call.index in found:
            continue
        if call.rule in BY_PLACE:
            if call.rule in ("linear", "addmm") and not is_layer(call):
                return []
        elif not moves_only(call) and not is_pointwise(call, links(call)):
            return []
        found[call.index] = call
        todo += [seen.producer(part) for part in call.values if part.kind == "result"]
    entered = any(seen.batch.data in call.values for call in found.values())
    return [call for _, call in sorted(found.items())] if entered else []


def is_layer(call: Call) -> bool:
    """A weight matrix, or a kernel, and one thing that it is multiplied with."""
    weights = [v for v in call.values if v.kind == "parameter"]
    multiplies = isinstance(computation(call, links(call)), Products) or call.rule in CONVOLUTIONS
    return multiplies and bool(weights) and len({v.index for v in call.values if v.kind != "parameter"}) == 1


def _is_affine(call: Call, results: list[Value]) -> bool:
    if call.rule in AFFINE or call.rule == "embedding" or (call.rule in SUMS and len(results) == 2):
        return True
    if call.rule in WITH_NUMBERS:
        return len(results) == 1 and call.arguments.get("other") not in (results if call.rule == "div" else [])
    return moves_only(call)


def moves_only(call: Call) -> bool:
    """A view, a permutation, a choice of numbers by their place."""
    return (
        any(isinstance(link.pattern, Gathered) for link in links(call))
        and len(call.inputs) == 1
        and "pool" not in str(call.rule)
        and call.rule != "embedding"
    )
