"""The differences between the samples keep their size on the way to the last layer.

Law: each layer multiplies the differences between samples by its gain, ‖W‖·f′ to first order, and the chain rule
multiplies the gradient by the same on the way back. With gains well above 1 (weights drawn with a standard deviation of
1 where 1/√n is wanted, a recurrent matrix that stretches) both grow with every layer or time step: the first loss is
astronomical, and so is the first step (Pascanu, Mikolov & Bengio 2013).

The finding: before anything was trained, the spread over the samples of the last layer's input is TIMES that of the
first layer's input and more, and the training breaks off in numbers that are not finite or learns nothing (motion.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.diagnose.case import Case
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import NORM, Intervention
from chainrule.diagnose.layers import size, spreads, weight_layers
from chainrule.diagnose.motion import came_to_nothing

TIMES = 100.0  # fresh weights of the usual size leave it near 1, ten layers of He's in a row within ten times
LARGE = 2.0  # times 1/√n; He's weights have 1.4


def check(case: Case) -> Iterator[Finding]:
    if not case.steps or not (case.outcome.not_finite is not None or came_to_nothing(case)):
        return
    first = case.steps[0]
    came, arrived = spreads(first)
    if first.index > 0 or not arrived > TIMES * came > 0:
        return
    layers = weight_layers(first)
    large = [(call, weight) for call, weight in layers if size(weight) > LARGE]
    call, weight = max(large, key=lambda layer: size(layer[1]), default=layers[0])
    yield Finding(
        slug="exploding",
        title=f"the samples' differences explode on the way: {came:.2g} at the first layer, {arrived:.2g} at the last",
        where=Where.of_layer(call, weight.name),
        steps=(first.index, case.last),
        evidence={
            "spread over the samples at the first layer": came,
            "at the last layer": arrived,
            f"size of {weight.name} by 1/√n": size(weight),
            "first loss": case.losses[0],
            "last loss": case.losses[-1],
        },
        because="every layer or time step multiplies by more than 1, the numbers on the way there and the gradient on "
        "the way back",
        fix="weights as PyTorch draws them, kaiming_normal_ (ReLU) or orthogonal_ (a recurrent matrix); batch or layer "
        "norm between the layers; clip_grad_norm_ for long sequences",
        diff="-    nn.init.normal_(layer.weight)\n+    nn.init.kaiming_normal_(layer.weight)" if large else "",
        attempts=(
            *((Intervention("draw", {"parameters": [w.name for _, w in large]}),) if large else ()),
            Intervention.at(layers[-1][0], "before", function="batch_norm", options=NORM),
        ),
    )
