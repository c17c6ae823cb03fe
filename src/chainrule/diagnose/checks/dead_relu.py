"""Some unit of every layer lets the gradient through.

Law: relu'(z) = 0 for z ≤ 0, so a unit that is 0 for every sample has ∂L/∂z = 0 exactly, and with it every weight that
leads only there; nothing can bring it back. Single dead units are usual; the finding is a layer of which *all* numbers
are 0 in all late recorded steps, so that what lies before it gets no gradient at all.

The threshold is none: all of them, and exactly 0.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.step import Call

RECTIFIERS = {"relu", "relu6", "threshold"}


def check(case: Case) -> Iterator[Finding]:
    late = case.late
    if len(late) < 2:
        return
    for call in late[-1].calls:
        if call.rule in RECTIFIERS and all(_is_dead(seen, call) for seen in late):
            given = call.values[0].tensor
            highest = float(given.max()) if given is not None else float("nan")
            if highest == 0:  # weights that are all 0: nothing is dead yet
                return
            yield Finding(
                slug="dead-relu",
                title="every unit of a layer is 0 for every sample",
                where=Where.of(call),
                steps=(late[0].index, late[-1].index),
                evidence={"highest pre-activation": highest, "units": call.output.shape[-1]},
                because="the slope of ReLU is 0 for all of them, so the product of the chain rule is exactly 0 in "
                "front of this layer, and it can never recover",
                fix="a smaller learning rate, biases that do not begin far below 0, or scaled inputs; "
                "LeakyReLU keeps a slope",
                attempts=(
                    *_other_start(case.steps[0], late[-1], call),
                    Intervention("rate", {"factor": 0.1}),
                    Intervention("rate", {"factor": 0.01}),
                    Intervention.at(call, "instead", function="leaky_relu", options={"negative_slope": 0.1}),
                ),
            )
            return


def _is_dead(seen: Seen, like: Call) -> bool:
    """Whether the call of the same place gives only zeros in this step."""
    same = [call for call in seen.calls if (call.rule, call.where, call.module) == (like.rule, like.where, like.module)]
    outputs = [call.output.tensor for call in same]
    return bool(outputs) and all(out is not None and not torch.count_nonzero(out) for out in outputs)


def _other_start(first: Seen, last: Seen, call: Call) -> tuple[Intervention, ...]:
    """Other first weights of the layer before, where it was dead from the start."""
    if not _is_dead(first, call):
        return ()
    made = last.producer(call.values[0])
    names = [value.name for value in made.values if value.kind == "parameter"] if made is not None else []
    return (Intervention("draw", {"parameters": names}),) if names else ()
