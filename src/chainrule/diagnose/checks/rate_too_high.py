"""No step throws the weights away.

Law: a step is small where the slope it follows holds along it. One that changes a weight matrix by its own size and
more (‖Δw‖ ≥ ‖w‖; 1e-3 is usual) ends where the gradient knew nothing of: units saturate or die, and the loss stays
where it was thrown to, without leaving its range.

One of the steps looked at does so, and nothing was learnt; or next to nothing, after the loss had risen to twice where
it began, or it is not known what was learnt, and the loss has not come back to where it began; or less than POOR of the
spread, after it had risen to FAR times that, and it has not come back to a quarter. A matrix that begins near 0 grows
in its first steps, as usual, and the others then move little; so it counts only where the weights were of the usual
size before, or have become larger than usual by it: ‖w‖/√n above half of 1/√fan, of the larger fan, or above 1.5 times
1/√fan_in; from 0.6 (PyTorch) to 1.4 times (He et al., 2015) is where weights begin, those of an LSTM by its units.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean

import torch

from chainrule.breakdown.flow import norm
from chainrule.diagnose.answers import late_answers
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.measure import WINDOW
from chainrule.diagnose.motion import FEWEST, NOTHING, came_to_nothing, largest

OWN_SIZE = 1.0
TIMES = 1.5
RISEN = 2.0
FAR = 4.0
POOR = 0.75  # of the targets' spread, explained
USUAL = 0.5


def check(case: Case) -> Iterator[Finding]:
    if len(case.losses) < FEWEST or not (came_to_nothing(case) or _thrown_up(case)):
        return
    thrown = [(seen, largest(seen)) for seen in case.steps]
    thrown = [(seen, one) for seen, one in thrown if one.ratio >= OWN_SIZE and _overgrown(seen, one.name)]
    if not thrown:
        return
    seen, (ratio, name, rate, made) = max(thrown, key=lambda pair: pair[1].ratio)
    if made is None:
        return
    yield Finding(
        slug="rate-too-high",
        title=f"the steps are too large: one changed {name} by {ratio:.3g} times its own size",
        where=Where.at(made.made, made.optimizer, parameter=name),
        steps=(thrown[0][0].index, thrown[-1][0].index),
        evidence={
            f"‖change‖/‖weight‖ of {name} at step {seen.index}": ratio,
            "learning rate": rate,
            "first loss": case.outcome.first,
            "last loss": case.outcome.last,
        },
        because="a gradient holds near the weights it was taken at; so far away units saturate or die, and their "
        "slopes, and with them the next gradients, are 0",
        fix="a learning rate ten times smaller, and again where that is not enough; scaled inputs and targets",
        attempts=tuple(Intervention("rate", {"factor": factor}) for factor in (0.1, 0.01, 0.001)),
    )


def _thrown_up(case: Case) -> bool:
    """Whether the loss has been RISEN times its first value, and the answers explain as good as nothing, or the loss is
    still above where it began: it may be on its way down again, but only to there. Or FAR times, and it has come back
    to less than half of an answer."""
    size = max(1, len(case.losses) // WINDOW)
    means = [fmean(case.losses[i : i + size]) for i in range(0, len(case.losses), size)]
    known, began = late_answers(case).explained, case.losses[0]
    above = math.isnan(known) and means[-1] > began
    poor = known < POOR and means[-1] > began / 4
    return ((known < NOTHING or above) and max(means) > RISEN * began > 0) or (poor and max(means) > FAR * began > 0)


def _overgrown(seen: Seen, name: str) -> bool:
    change = seen.changes[name]
    if change.after is None or change.after.dim() < 2 or "max_iter" in change.settings:
        return False  # LBFGS makes many steps in one
    fan_in = change.after[0].numel()
    return _size(change.after, fan_in) > TIMES or _size(change.before, max(fan_in, len(change.before))) > USUAL


def _size(weight: torch.Tensor, fan: int) -> float:
    """‖w‖/√n, in units of 1/√fan."""
    return norm(weight) / math.sqrt(weight.numel()) * math.sqrt(fan)
