"""The differences between the samples arrive at the last layer.

Law: ∂L/∂W_n = δ·h[n−1]ᵀ: a layer learns of a sample only what its input says. Each layer multiplies the differences
between samples by its gain, ‖W‖·f′ to first order; with gains well below 1 (weights drawn with a standard deviation of
0.01 where 1/√n is wanted) the last layer sees the same h for all samples, its answer is one constant, and since every
gradient holds the product of all other gains, all of them vanish alike (Glorot & Bengio 2010; He et al. 2015).

The finding: the spread over the samples of the last layer's input is below a thousandth of that of the first layer's
input, in the first step looked at and in the last one; the answers' spread is below a twentieth of the targets' in the
last step; and the network explains less than half of what simple answers do (answers.py), or nothing was learnt at all
(motion.py) and a layer began with small weights. Three layers with a tenth of the wanted gain are enough for a
thousandth, while those of PyTorch's usual weights hold ten layers above it. Where nothing at all arrives, units are
dead (dead_relu.py); where the gradient vanishes between the last layer and the first alone, that is vanishing.py's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from chainrule.diagnose.answers import Answers, falls_short
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import NORM, Intervention
from chainrule.diagnose.layers import size, spreads, weight_layers
from chainrule.diagnose.motion import came_to_nothing

FADED = 1e-3
ANSWERED = 0.05
SMALL = 0.2  # of 1/√n, a weight's usual standard deviation; kaiming_uniform_ as PyTorch uses it has 0.58


def check(case: Case) -> Iterator[Finding]:
    if len(case.steps) < 2 or not ((short := falls_short(case)) or came_to_nothing(case)):
        return
    first, last = case.steps[0], case.steps[-1]
    came, arrived = spreads(first)
    if not 0 < arrived < FADED * came or not _ratio(last) < FADED or not _answered(case) < ANSWERED:
        return
    layers = weight_layers(first)
    small = [(call, weight) for call, weight in layers if size(weight) < SMALL]
    if not (short or small):
        return
    call, weight = small[0] if small else layers[0]
    yield Finding(
        slug="faded-activations",
        title=f"the samples' differences vanish on the way: {came:.2g} at the first layer, {arrived:.2g} at the last",
        where=Where.of_weights(call, [weight.name], first.step) or Where.of_layer(call, weight.name),
        steps=(first.index, last.index),
        evidence={
            "spread over the samples at the first layer": came,
            "at the last layer": arrived,
            f"size of {weight.name} by 1/√n": size(weight),
            "layers with weights that are too small": len(small),
            "spread of the answers by that of the targets": _answered(case),
        },
        because="every layer multiplies the differences by less than 1, so that the last one sees the same for all "
        "samples; and as ∂L/∂W = δ·hᵀ holds the other layers' product, no gradient is left either",
        fix="weights as PyTorch draws them, or kaiming_normal_ (ReLU), xavier_normal_ (tanh); batch or layer norm "
        "between the layers",
        diff="-    nn.init.normal_(layer.weight, std=0.01)\n+    nn.init.kaiming_normal_(layer.weight)"
        if small
        else "",
        attempts=(
            *((Intervention("draw", {"parameters": [w.name for _, w in small]}),) if small else ()),
            Intervention.at(layers[-1][0], "before", function="batch_norm", options=NORM),
        ),
    )


def _ratio(seen: Seen) -> float:
    came, arrived = spreads(seen)
    return arrived / came if came > 0 else math.nan


def _answered(case: Case) -> float:
    """The spread of the last step's answers by that of its targets."""
    answers = Answers(case.steps[-1:])
    given, targets = (part.std(0, correction=0).square().sum().sqrt() for part in (answers.given, answers.targets))
    return float(given / targets)
