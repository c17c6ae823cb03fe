"""Descent moves the predictions towards their targets.

Law: a comparison ℓ(ŷ, t) is least where ŷ = t, and w ← w − η·∂L/∂w lowers L. So ℓ must fall with L: ∂L/∂ℓ > 0. Where it
is negative in every comparison of every step (a minus before the loss, a minus missing before a log likelihood written
by hand, maximize=True), each step drives the predictions away from their targets, faster and faster. For a log
likelihood and a cosine similarity the sign is the other one: ∂L/∂ln p < 0 for the class that is right; so it is for log
p·R, the mean of which a policy gradient is to raise (Williams 1992), with one R for each sample or for each step, and
for what a critic that learns from rewards says of a policy's actions (Lillicrap et al., 2016).

The threshold is none: the sign of every comparison in every step. A GAN, whose two players pull in two directions, an
adversarial input (there the input moves, not the weights), an entropy bonus and rewards of both signs are no fault.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from chainrule.breakdown.verify import dense
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.directions import directions, maximised, rewarded, rewarded_by_number, through_critic
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.step import Call

FEWEST = 2  # steps


def check(case: Case) -> Iterator[Finding]:
    compared = [directions(seen) for seen in case.steps]
    products = [rewarded(seen) for seen in case.steps]
    if not all(products):
        products = _by_number(case)
    acted = [ways for ways in map(through_critic, case.steps) if ways]  # a policy may wait for its critic
    climbs = any(map(maximised, case.steps))  # then the loss itself rises
    known = list(filter(math.isfinite, case.losses))
    falls = climbs or not known or known[-1] < known[0]
    if _all_flipped(compared) and falls:
        seen, call, found = case.steps[0], compared[0][0][0], compared
        title = f"each step drives apart what {call.name} compares"
        because = "w ← w − η·∂L/∂w makes L smaller, and L falls when the answers leave what they are compared with"
    elif _all_flipped(products):
        seen, call, found = case.steps[0], products[0][0][0], products
        title = "each step makes what is rewarded less likely"
        because = "w ← w − η·∂L/∂w makes L smaller, and L falls when rewarded actions become rarer"
    elif _all_flipped(acted):
        seen, call, found = case.steps[0], acted[0][0][0], acted
        title = "each step moves the policy to actions that its critic values less"
        because = "w ← w − η·∂L/∂w makes L smaller, and L falls when the critic's value falls"
    elif len(case.steps) >= FEWEST and all(_uphill(seen) for seen in case.steps):
        seen, call, found = case.steps[0], case.steps[0].calls[-1], []
        title, because = "each step goes up the slope", "w ← w + η·∂L/∂w makes L larger"
    else:
        return
    if not all(map(_moves_weights, case.steps)):
        return
    climbs = maximised(seen)
    yield Finding(
        slug="flipped-sign",
        title="the optimizer climbs: maximize=True" if climbs else title,
        where=Where.of(seen.calls[-1] if not climbs and found is not acted and seen.calls[-1].rule == "neg" else call),
        steps=(case.steps[0].index, case.last),
        evidence={
            "loss, first": case.losses[0],
            "loss, last": case.losses[-1],
            **({f"steps in which {call.name} is driven the wrong way": len(found)} if found else {}),
            **({"maximize": True} if climbs else {}),
        },
        because=because,
        fix="maximize=False"
        if climbs
        else "put a minus in front of it: loss = −critic(state, policy(state)).mean()"
        if found is acted
        else "put a minus in front of it: loss = −(log_prob · reward).mean()"
        if found is products
        else "take the minus away (a log likelihood needs one: loss = −log p)",
        diff=""
        if climbs or found is acted or found is products
        else "-    loss = -loss_fn(prediction, target)\n+    loss = loss_fn(prediction, target)",
        attempts=()
        if found is products or found is acted  # a policy's loss does not tell how it fares
        else (Intervention("negate"),),
    )


def _by_number(case: Case) -> list[list[tuple[Call, float]]]:
    """The same of rewards that come one in each step, where they differ and some are above 0; a factor that is always
    the same or always below 0 may be there for the sign."""
    found = [rewarded_by_number(seen) for seen in case.steps]
    numbers = {number for step in found for _, number, _ in step}
    if len(numbers) <= 1 or max(numbers) <= 0:
        return [[] for _ in found]
    return [[(call, way) for call, _, way in step] for step in found]


def _all_flipped(found: list[list[tuple[Call, float]]]) -> bool:
    """Whether there is one in every step, and all are driven the wrong way."""
    return len(found) >= FEWEST and all(found) and all(way < 0 for ways in found for _, way in ways)


def _uphill(seen: Seen) -> bool:
    """Whether the script's own update has the gradient's sign: Σ g·Δw above 0 for every parameter."""
    by_hand = {i: c for made in seen.step.updates if not made.optimizer for i, c in made.parameters.items()}
    return bool(by_hand) and all(
        change.after is not None and float((dense(change.gradient) * (change.after - change.before)).sum()) > 0
        for change in by_hand.values()
    )


def _moves_weights(seen: Seen) -> bool:
    """Whether the step changes a weight, not only an input of a network that stays as it is."""
    moved = [seen.step.values[index] for update in seen.step.updates for index in update.parameters]
    fixed = any(value.kind == "data" and value.owned for call in seen.calls for value in call.values)
    return not moved or any(v.owned or not (fixed or seen.batch.of(v.shape)) for v in moved)
