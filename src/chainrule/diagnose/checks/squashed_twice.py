"""A loss that takes logits is given logits.

Law: F.cross_entropy applies log softmax itself, binary_cross_entropy_with_logits log σ. Given what a softmax or a
sigmoid has already squashed into [0, 1], the second squashing can never come near 0 or 1: of K classes the right one
gets at most e/(e + K − 1), so the loss cannot fall below ln(1 + (K − 1)/e), and with a sigmoid not below −ln σ(1) =
0.313 for one class and ln 2 for the other. The upstream gradient is multiplied by two slopes instead of one. (Log
softmax twice is harmless: it changes nothing the second time.)

So it is where a loss by hand, or one of torch's that is written so, takes log σ of what a sigmoid gave, or the log
softmax of what a softmax gave.

The threshold is none: the call that made the loss's input says it, or that its numbers are probabilities and a mean of
what softmax gave.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.step import Call, Value

Tensor = torch.Tensor
TAKES_LOGITS = {
    "cross_entropy": "softmax",
    "cross_entropy_of_probabilities": "softmax",
    "binary_cross_entropy_with_logits": "sigmoid",
    "binary_cross_entropy_with_pos_weight": "sigmoid",
}
LOGARITHMS = {"logsigmoid": "sigmoid", "log_softmax": "softmax", "functional_log_softmax": "softmax"}
MEANS = {"mean", "add", "mul", "div", "sum"}  # of several softmaxes: their results sum to one as well
FAR = 1e-4  # from 1, for sums of probabilities that are rounded to float32
SQUASHES = {"softmax", "sigmoid", "tanh", "hardsigmoid"}


def check(case: Case) -> Iterator[Finding]:
    for seen in case.steps:
        found = _squashed(seen)
        if found is None:
            continue
        loss, squash = found
        itself = (TAKES_LOGITS | LOGARITHMS)[str(loss.rule)]
        axis = loss.arguments.get("dim", 1) if loss.rule in LOGARITHMS else 1
        classes = squash.output.shape[axis] if len(squash.output.shape) > 1 else 1
        least = math.log(1 + (classes - 1) / math.e) if itself == "softmax" else math.log(1 + math.exp(-1))
        yield Finding(
            slug="squashed-twice",
            title=f"{loss.name} applies a {itself} itself, and is given the result of one more squashing",
            where=Where.of_layer(squash),
            steps=(seen.index, case.last),
            evidence={
                "made by": squash.name,
                "given to": f"{loss.name} ({loss.where.rpartition('/')[2]})",
                "least loss that is possible": least,
                "loss": case.losses[-1],
            },
            because=f"after the first squashing all numbers lie close together, so the {itself} of the loss cannot "
            "come near 0 or 1, and the gradient is multiplied by the slope of both",
            fix=f"give the loss the numbers before {squash.name}; apply that only where probabilities are needed",
            diff=f"-    return {squash.name.rpartition('.')[2]}(x)\n+    return x",
            attempts=(Intervention.at(squash, "skip"),),
        )
        return


def _squashed(seen: Seen) -> tuple[Call, Call] | None:
    """The loss and the squashing call whose result it takes."""
    for call in seen.calls:
        given = call.arguments.get("input")
        if call.rule in LOGARITHMS and isinstance(given, Value):
            made = seen.origin(given)
            if made is not None and made.rule == "neg" and call.rule == "logsigmoid":
                made = seen.origin(made.inputs[0])
            same = made is not None and made.arguments.get("dim") == call.arguments.get("dim")
            if made is not None and same and str(made.rule).removeprefix("functional_") == LOGARITHMS[call.rule]:
                return call, made
        if call.rule in TAKES_LOGITS and isinstance(given, Value):
            made = seen.origin(given)
            if made is not None and str(made.rule).removeprefix("functional_") in SQUASHES:
                return call, made
            if TAKES_LOGITS[call.rule] == "softmax" and _are_probabilities(given.tensor):
                softmax = _mixed(seen, made)
                if softmax is not None:
                    return call, softmax
    return None


def _are_probabilities(given: Tensor | None) -> bool:
    """Whether they lie from 0 to 1 and sum to one over the classes."""
    if given is None or given.dim() < 2 or given.shape[1] < 2:
        return False
    return bool((given >= 0).all()) and bool(((given.double().sum(1) - 1).abs() < FAR).all())


def _mixed(seen: Seen, made: Call | None) -> Call | None:
    """The softmax of which this is a mean."""
    while made is not None and made.rule in MEANS and made.inputs:
        made = seen.origin(made.inputs[0])
    return made if made is not None and str(made.rule).removeprefix("functional_") == "softmax" else None
