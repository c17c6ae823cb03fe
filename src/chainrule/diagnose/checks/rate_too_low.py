"""The steps are long enough to get down the slope within the run.

Law: to first order a step lowers the loss by −Σ g·Δw. Where all these falls together, over the whole run, are less than
a tenth of the first loss, the run could not have learnt anything, whatever else is right: either there is no slope (a
plateau, a dead layer), or the steps are too short. Too short they are where moving the weights would move the loss:
‖g‖·‖w‖/|L| above 0.01 in every step looked at, so that a change of all weights by their own size would do, and the
weights have not gone a tenth of their size from where they began.

Or those of one parameter group are: its learning rate is a hundredth (SLOW) of another's and less, its weights have not
gone a hundredth of their size, though moving them would move the loss in every step looked at, and what the network
came to is nothing. (A body that is tuned gently beside a new head is so, too; but with it the network learns.)

The thresholds are shares of the loss and of the weights, so that neither's unit matters.
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.diagnose.answers import STEPS
from chainrule.diagnose.case import Case
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.motion import (
    ALIVE,
    FALL,
    came_to_nothing,
    crawls,
    elasticity,
    largest,
    rate,
    reach,
    travelled,
)

SLOW = 0.01
FEWEST = 3  # steps


def check(case: Case) -> Iterator[Finding]:
    if not crawls(case):
        yield from _of_a_group(case)
        return
    seen = case.steps[-1]
    ratio, name, own, made = largest(seen)
    could = reach(case)
    if made is None or not made.optimizer:
        return
    needed = len(case.losses) * FALL / could if could > 0 else float("inf")
    yield Finding(
        slug="rate-too-low",
        title=f"the steps are too short: all together could lower the loss by {max(could, 0):.2g} of itself",
        where=Where.at(made.made, made.optimizer, parameter=name),
        steps=(case.steps[0].index, case.last),
        evidence={
            "learning rate": own,
            f"‖change‖/‖weight‖ of {name} at step {seen.index}": ratio,
            "steps for a fall of a tenth": needed,
            "first loss": case.outcome.first,
            "last loss": case.outcome.last,
            "change of the loss by a change of the weights, in shares": elasticity(seen),
        },
        because="the gradient is there and points down, but w ← w − η·g with so small an η hardly moves",
        fix="a larger learning rate: ten times, and again where that is not enough",
        attempts=tuple(Intervention("rate", {"factor": factor}) for factor in (10.0, 100.0, 1000.0, 10000.0)),
    )


def _of_a_group(case: Case) -> Iterator[Finding]:
    """Where one group stands still beside another."""
    if len(case.steps) < FEWEST or len(case.losses) < STEPS or not came_to_nothing(case):
        return
    last = case.steps[-1]
    for made in last.step.updates:
        rates = {last.step.values[i].name: rate(change) for i, change in made.parameters.items()}
        fastest, slowest = max(rates.values(), default=0.0), min(rates.values(), default=0.0)
        names = [name for name, own in rates.items() if own == slowest]
        if not made.optimizer or not 0 < slowest <= SLOW * fastest or not travelled(case, names) < SLOW:
            continue
        if not min(elasticity(seen, names) for seen in case.steps) > ALIVE:
            continue
        yield Finding(
            slug="rate-too-low",
            title=f"the steps of one parameter group are too short: a learning rate of {slowest:g} beside {fastest:g}",
            where=Where.at(made.made, made.optimizer, parameter=names[0]),
            steps=(case.steps[0].index, case.last),
            evidence={
                "learning rate of the group": slowest,
                "of another": fastest,
                "its parameters": ", ".join(names[:6]),
                "how far its weights have gone, by their size": travelled(case, names),
                "change of the loss by a change of them, in shares": elasticity(last, names),
            },
            because="the gradient is there and points down, but w ← w − η·g with so small an η hardly moves them",
            fix="a larger learning rate for this group",
            attempts=tuple(Intervention("rate", {"factor": factor}) for factor in (10.0, 100.0)),
        )
        return
