"""Descent moves the predictions towards their targets.

Law: a comparison ℓ(ŷ, t) is least where ŷ = t, and w ← w − η·∂L/∂w lowers L. So ℓ must fall with L: ∂L/∂ℓ > 0. Where
it is negative in every comparison of every step (a minus before the loss, a minus missing before a log likelihood
written by hand, maximize=True), each step drives the predictions away from their targets, faster and faster. For a log
likelihood the sign is the other one: ∂L/∂ln p < 0 for the class that is right.

The threshold is none: the sign of every comparison in every step. A GAN, whose two players pull in two directions, an
adversarial input (there the input moves, not the weights), an entropy bonus and rewards of both signs are no fault.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from chainrule.breakdown.samples import belongs_to_module
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.step import Call, Value

LOSSES = {
    "mse_loss",
    "l1_loss",
    "smooth_l1_loss",
    "huber_loss",
    "cross_entropy",
    "cross_entropy_of_probabilities",
    "nll_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_pos_weight",
}
LOG = {"log", "log_softmax", "functional_log_softmax", "logsigmoid"}
PROBABILITY = {"sigmoid", "softmax", "functional_softmax"}
AROUND = {"add", "sub", "rsub", "clamp", "clamp_min", "getitem", "gather"}
FEWEST = 2  # steps


def check(case: Case) -> Iterator[Finding]:
    found = [_signs(seen) for seen in case.steps]
    if len(found) < FEWEST or not all(found) or not all(sign < 0 for signs in found for _, sign in signs):
        return
    climbs = any(_maximised(seen) for seen in case.steps)  # then the loss itself rises
    if not all(map(_moves_weights, case.steps)) or not (climbs or case.losses[-1] < case.losses[0]):
        return
    seen, call = case.steps[0], found[0][0][0]
    maximised = _maximised(seen)
    yield Finding(
        slug="flipped-sign",
        title="the optimizer climbs: maximize=True" if maximised else f"each step makes {call.name} worse, not better",
        where=Where.of(seen.calls[-1] if not maximised and seen.calls[-1].rule == "neg" else call),
        steps=(case.steps[0].index, case.last),
        evidence={
            "loss, first": case.losses[0],
            "loss, last": case.losses[-1],
            "derivative of the loss by the comparison": "negative in every step",
            **({"maximize": True} if maximised else {}),
        },
        because="w ← w − η·∂L/∂w makes L smaller, and L falls when the predictions leave their targets",
        fix="maximize=False" if maximised else "take the minus away (a log likelihood needs one: loss = −log p)",
        diff="" if maximised else "-    loss = -loss_fn(prediction, target)\n+    loss = loss_fn(prediction, target)",
        attempts=(Intervention("negate"),),
    )


def _signs(seen: Seen) -> list[tuple[Call, float]]:
    """Every comparison with the sign of what descent does to it: below 0, the answers get worse."""
    direction = -1.0 if _maximised(seen) else 1.0
    found = []
    for call in seen.calls:
        if (call.rule in LOSSES and isinstance(call.arguments.get("target"), Value)) or _is_square_of_difference(
            seen, call
        ):
            g = seen.gradient(call.output)
            if g is not None and bool(g.any()):
                found.append((call, direction * (1.0 if bool((g > 0).any()) else -1.0)))
        elif call.rule in LOG:
            likelihood = _likelihood(seen, call)
            if likelihood:
                found.append((call, direction * likelihood))
    return found


def _is_square_of_difference(seen: Seen, call: Call) -> bool:
    made = seen.producer(call.arguments.get("input")) if call.rule in ("pow", "square", "abs") else None
    even = call.rule != "pow" or call.arguments.get("exponent") == 2
    return made is not None and made.rule == "sub" and even and seen.notation.target in made.values


def _likelihood(seen: Seen, call: Call) -> float:
    """+1 where the logarithm of a probability is to grow, −1 where it is to fall; 0 where it is no log likelihood.

    A log likelihood takes the same share of each sample's right class and nothing of the others. A policy gradient
    weighs each by its own reward, an entropy takes all.
    """
    if call.rule == "log":
        made = seen.origin(call.arguments["input"])
        while made is not None and made.rule in AROUND and len(made.inputs) == 1:  # log(1 − p + ε)
            made = seen.origin(made.inputs[0])
        if made is None or made.rule not in PROBABILITY:
            return 0.0
    g = seen.gradient(call.output)
    if g is None or not g.isfinite().all():
        return 0.0
    taken = g[g != 0]
    if not 1 < taken.numel() < g.numel() or math.isclose(float(taken.min()), -float(taken.max())):
        return 0.0
    same = math.isclose(float(taken.min()), float(taken.max()), rel_tol=1e-3)
    return 0.0 if not same else (1.0 if float(taken[0]) < 0 else -1.0)


def _moves_weights(seen: Seen) -> bool:
    """Whether the step changes a weight, not only an input of a network that stays as it is."""
    moved = [seen.step.values[index] for update in seen.step.updates for index in update.parameters]
    fixed = any(value.kind == "data" and belongs_to_module(value) for call in seen.calls for value in call.values)
    return not moved or any("." in v.name or not (fixed or seen.batch.of(v.shape)) for v in moved)


def _maximised(seen: Seen) -> bool:
    settings = [change.settings for update in seen.step.updates for change in update.parameters.values()]
    return bool(settings) and all(bool(one.get("maximize")) for one in settings)
