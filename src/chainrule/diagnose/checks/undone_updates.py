"""What a step has changed is there when the next one begins.

Law: w[t+1] = w[t] − η·g[t]: each step goes on from where the last one ended. Where the script writes the weights back
in between (an average that is copied into the network in place of the other way round, a state that is loaded in every
step), all steps begin at one place, and none of them leads anywhere.

The finding: between every two neighbouring steps looked at, LEFT of what the first has changed is undone and less is
left, over all weights that both move, and nothing was learnt (motion.py). A trial step that is taken back on purpose
(sharpness-aware minimisation, the inner loop of a meta-learner) is followed by one that stays.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from chainrule.breakdown.flow import norm, update_norm
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.motion import came_to_nothing

FEWEST = 2  # pairs of steps
LEFT = 0.2  # of the change


def check(case: Case) -> Iterator[Finding]:
    pairs = [(a, b) for a, b in pairwise(case.steps) if b.index == a.index + 1]
    left = [_left(before, after) for before, after in pairs]
    if len(left) < FEWEST or not max(left) < LEFT or not came_to_nothing(case):
        return
    last = pairs[-1][1]
    made, by = last.step.updates[-1], last.step.overwritten
    yield Finding(
        slug="undone-updates",
        title=f"what a step changes is undone before the next: {max(left):.2g} of it is left",
        where=Where.at(by, "weights are written") if by.file else Where.at(made.at, "step"),
        steps=(pairs[0][0].index, last.index),
        evidence={
            "share of a step's change that the next one finds, at most": max(left),
            "pairs of steps": len(left),
            "first loss": case.outcome.first,
            "last loss": case.outcome.last,
        },
        because="w ← w − η·g is made, and taken back: every step begins where the one before began",
        fix="look at what writes into the weights between two steps: an average takes from the network, it does not "
        "give to it",
        diff="-    p.data.lerp_(average, 1 - decay)\n+    average.lerp_(p.data, 1 - decay)",
    )


def _left(before: Seen, after: Seen) -> float:
    """‖w[next step] − w[step]‖/‖Δw‖ over the weights that both steps move; inf where there are none."""
    both = [(before.changes[name], after.changes[name]) for name in before.changes.keys() & after.changes.keys()]
    pairs = [(a, b) for a, b in both if a.before.shape == b.before.shape and not a.before.is_complex()]
    moved = math.hypot(*(update_norm(one) for one, _ in pairs))
    found = math.hypot(*(norm(other.before.double() - one.before.double()) for one, other in pairs))
    return found / moved if moved > 0 else math.inf
