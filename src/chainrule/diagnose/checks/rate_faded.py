"""The learning rate lasts as long as there is something to learn.

Law: a step moves the weights by η times its direction. Where a schedule takes η to nothing while the loss still has a
slope, every later step is one of length 0, however many there are.

Faded: η is below 1 % of its largest value from before the middle of the steps looked at to their end, while the loss
has not learnt, or the answers are clearly worse than simple ones (answers.py), and moving the weights would still move
it (elasticity above ALIVE, motion.py). Where η is 0 itself in so many steps, they are made for nothing, whatever was
learnt before. A schedule that ends at 0 when the training ends is none.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from chainrule.diagnose.answers import all_answers, late_answers
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.motion import ALIVE, elasticity, rate, unlearnt

FADED = 0.01
FAR = 0.75  # of what simple answers explain
USUAL = 1e-3  # that of Adam's paper


def check(case: Case) -> Iterator[Finding]:
    rates = [(seen, _rate(seen)) for seen in case.steps if seen.moved]
    largest = max((rate for _, rate in rates), default=0.0)
    over = [seen for seen, rate in rates if rate > FADED * largest]
    since = next((seen for seen, _ in rates if over and seen.index > over[-1].index), None)
    if not largest and len(rates) > 1 and _has_moved(case):  # in steps that were not recorded
        since = rates[1][0]
    if not largest and rates and rates[0][0].step.updates[-1].scheduled.file:  # from the first step on
        since = rates[0][0]
    if since is None or since.index - case.start > len(case.losses) / 2:
        return
    last, now = rates[-1]
    if not (now == 0 or unlearnt(case) or _unfinished(case)):
        return
    if elasticity(last) < ALIVE:
        return
    made = last.step.updates[-1]
    yield Finding(
        slug="rate-faded",
        title=f"the learning rate has gone from {largest:g} to {now:g} long before the end"
        if largest
        else f"the learning rate is 0 {'long before the end' if since.index else 'from the start'}",
        where=Where.of_schedule(made),
        steps=(since.index, case.last),
        evidence={
            "largest learning rate": largest,
            f"at step {last.index}": now,
            "first loss": case.outcome.first,
            "last loss": case.outcome.last,
            "change of the loss by a change of the weights, in shares": elasticity(last),
        },
        because="the gradient is still there, but w ← w − η·g with η near 0 leaves the weights where they are",
        fix="let the schedule fall later or less: count its steps in the unit in which scheduler.step() is called",
        attempts=(Intervention("set", {"settings": {"lr": largest or USUAL}}),),
    )


def _has_moved(case: Case) -> bool:
    """Whether the weights of the last step looked at are others than those of the first."""
    first, last = case.steps[0].changes, case.steps[-1].changes
    return any(
        first[name].before.shape == last[name].before.shape and not torch.equal(first[name].before, last[name].before)
        for name in first.keys() & last.keys()
    )


def _unfinished(case: Case) -> bool:
    """Whether the answers are clearly worse than simple ones."""
    return late_answers(case).explained < FAR * all_answers(case).attainable


def _rate(seen: Seen) -> float:
    return max(rate(change) for change in seen.moved.values())
