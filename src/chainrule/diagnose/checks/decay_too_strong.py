"""Weight decay leaves the gradient something to do.

Law: decay adds λ·w to the gradient, a pull towards 0 that knows nothing of the data. Where λ·‖w‖ is as large as ‖g‖
itself, the two balance, and the weights stay where the data would push them away from: g = −λ·w. AdamW takes η·λ·w off
the weights themselves; there its share of the step is compared with the rest of it.

Too strong: more than half of the gradient, in the second half of the steps looked at, with weights that have shrunk,
and nothing learnt (motion.py); or more than all of it, in a run that is too short to shrink them as far; or decay alone
would have made the weights e³ times smaller within the run, and they have shrunk to less than a quarter of it: next to
0 a batch's gradient is noise that no decay outweighs; where the answers are not known, that is told of a loss that is
still half of its first. Where the least is reached, the gradient goes to 0 and any decay
is as large; but there the weights are what the data asks for, and they do not shrink. Weight matrices are looked at:
the last bias is the targets' mean, which decay cannot take away.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from chainrule.breakdown.flow import norm
from chainrule.breakdown.verify import dense
from chainrule.diagnose.answers import late_answers
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.measure import around
from chainrule.diagnose.motion import NOTHING, unlearnt
from chainrule.step import ParameterUpdate, Update

HALF, WHOLE = 0.5, 1.0
SHRUNK, SHRINKING = 0.7, 0.85
EMPTIED = 3.0


def check(case: Case) -> Iterator[Finding]:
    late = [seen for seen in case.late if _decay(seen) > 0]
    if not late:
        return
    shares = [_share(seen) for seen in late]
    left = _size(case.steps[-1]) / max(_size(case.steps[0]), 1e-300)
    outweighs = left < SHRUNK and min(shares) > HALF
    begins = left < SHRINKING and min(shares) > WHOLE
    emptied = _pull(case, late) > EMPTIED and left < math.exp(-EMPTIED / 2)
    # A batch may be easier than the one before: that is no reason to wait for a network that decay empties.
    explained = late_answers(case).explained
    lost = emptied and math.isnan(explained) and around(case.losses, len(case.losses)) > HALF * case.losses[0]
    if not (unlearnt(case) or explained < NOTHING or lost) or not (outweighs or begins or emptied):
        return
    made = next(made for made in late[-1].step.updates if made.optimizer)
    yield Finding(
        slug="decay-too-strong",
        title=f"weight decay has taken the weights to {left:.2g} of their size"
        if shares[-1] < HALF
        else f"weight decay pulls {shares[-1]:.2g} times as hard as the gradient",
        where=Where.at(made.made, made.optimizer),
        steps=(late[0].index, case.last),
        evidence={
            "weight decay": _decay(late[-1]),
            "decay, as a share of the gradient": shares[-1],
            "size of the weights, as a share of their first": left,
            "last loss": case.outcome.last,
        },
        because="the update follows g + λ·w, and λ·w pulls every weight to 0 as hard as the data pushes it away",
        fix="a weight decay a hundred times smaller, or none",
        attempts=(
            Intervention("set", {"settings": {"weight_decay": _decay(late[-1]) / 100}}),
            Intervention("set", {"settings": {"weight_decay": 0.0}}),
        ),
    )


def _pull(case: Case, late: list[Seen]) -> float:
    """η·λ over all steps: alone, it makes the weights e^pull times smaller."""
    settings = [change.settings for change in late[-1].moved.values()]
    each = (
        float(s.get("lr", 0)) * float(s.get("weight_decay") or 0) / max(1 - float(s.get("momentum") or 0), 1e-3)
        for s in settings
    )
    return len(case.losses) * max(each, default=0.0)


def _decay(seen: Seen) -> float:
    return max((float(change.settings.get("weight_decay") or 0.0) for change in seen.moved.values()), default=0.0)


def _matrices(seen: Seen) -> list[tuple[Update, ParameterUpdate]]:
    """Every weight matrix with its update; all parameters where there is none."""
    every = [(made, change) for made in seen.step.updates for change in made.parameters.values()]
    return [(made, change) for made, change in every if change.before.dim() > 1] or every


def _size(seen: Seen) -> float:
    return math.hypot(*(norm(change.before) for _, change in _matrices(seen)))


def _share(seen: Seen) -> float:
    """‖decay‖/‖gradient‖, as the optimizer uses both."""
    decays, gradients = [0.0], [0.0]
    for made, change in _matrices(seen):
        strength = float(change.settings.get("weight_decay") or 0.0)
        if made.optimizer == "AdamW" or change.settings.get("decoupled_weight_decay"):
            pull = strength * float(change.settings.get("lr", 0.0)) * change.before.double()
            moved = math.nan if change.after is None else norm(change.after.double() - change.before.double() + pull)
            decays.append(norm(pull))
            gradients.append(moved)
        else:
            decays.append(strength * norm(change.before))
            gradients.append(norm(dense(change.gradient)))
    whole = math.hypot(*gradients)
    return math.hypot(*decays) / whole if whole > 0 else math.inf
