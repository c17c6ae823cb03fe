"""How far the weights went, and what that could do to the loss: shares, so that no unit and no scale matters."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator
from statistics import fmean
from typing import NamedTuple

import torch

from chainrule.breakdown.flow import norm, update_norm
from chainrule.breakdown.verify import dense
from chainrule.diagnose.answers import falls_short, late_answers, still_falling
from chainrule.diagnose.case import Case, Seen
from chainrule.step import ParameterUpdate, Update

Tensor = torch.Tensor
FALL = 0.1  # of its first value: what a loss that learns anything falls by
ALIVE = 0.01  # an elasticity from which on moving the weights moves the loss
NOTHING = 0.1  # of the targets' spread explained
FAR_OFF = 1000.0  # squares of distances, in units of the spread
KNOWS = 0.5  # of the targets' spread explained: more than a beginning
NEAR = 0.1  # of their size: weights that have not gone further are where they began
TIMES, ENDLESS = 10.0, 1e6  # as far from 0 as a loss was at first
WINDOWS, LATE = 10, 3  # means over the run, and how many of them are late
FEWEST = 20  # steps, before a rate is judged


class Largest(NamedTuple):
    """The parameter that moved furthest for its size: ‖Δw‖/‖w‖, its name and the learning rate."""

    ratio: float
    name: str
    rate: float
    update: Update | None


def largest(seen: Seen) -> Largest:
    """Of weight matrices; those that are 0 cannot say. The ratio is nan where there is none."""
    found = [Largest(math.nan, "", 0.0, None)]
    for made in seen.step.updates:
        for index, change in made.parameters.items():
            size = norm(change.before)
            if size > 0 and change.before.dim() > 1:
                ratio = update_norm(change) / size
                found.append(Largest(ratio, seen.step.values[index].name, rate(change), made))
    return max(found, key=lambda one: one.ratio if math.isfinite(one.ratio) else -1.0)


def rate(change: ParameterUpdate) -> float:
    """The learning rate; 0 where there is none."""
    return float(change.settings.get("lr", 0.0))


def elasticity(seen: Seen, names: Container[str] | None = None) -> float:
    """‖g‖·‖w‖/|L|: by which share the loss changes when all weights, or these, change by one along the gradient."""
    values = seen.step.values
    moved = ((i, change) for i, change in seen.moved.items() if names is None or values[i].name in names)
    pairs = [(dense(change.before), seen.step.gradients.get(i)) for i, change in moved]
    g = math.hypot(*(norm(gradient) for _, gradient in pairs if gradient is not None))
    w = math.hypot(*(norm(before) for before, _ in pairs))
    return g * w / abs(seen.step.loss) if seen.step.loss else math.nan


def expected_fall(seen: Seen) -> float:
    """−Σ g·Δw: what the loss falls by in this step, as far as its slope tells; an upper bound where it is convex."""
    fall = 0.0
    for index, change in seen.moved.items():
        gradient = seen.step.gradients.get(index)
        if gradient is not None and change.after is not None and not change.before.is_complex():
            fall -= float((dense(gradient).double() * (change.after.double() - change.before.double())).sum())
    return fall


def travelled(case: Case, of: Container[str] | None = None) -> float:
    """‖w[last] − w[first]‖/‖w[first]‖ over all parameters, or these, from the first to the last step looked at."""
    first, last = case.steps[0].changes, case.steps[-1].changes
    names = [name for name in first if name in last and first[name].before.shape == last[name].before.shape]
    names = [name for name in names if of is None or name in of]
    way = math.hypot(*(norm(last[name].before.double() - first[name].before.double()) for name in names))
    size = math.hypot(*(norm(first[name].before) for name in names))
    return way / size if size > 0 else math.nan


def reach(case: Case) -> float:
    """The share of its first value that the loss could have fallen by in the whole run, as its slopes tell."""
    falls = [expected_fall(seen) for seen in case.steps]
    return sum(falls) / len(falls) * len(case.losses) / abs(case.outcome.first) if case.outcome.first else math.nan


def crawls(case: Case) -> bool:
    """The loss has a slope, and the steps are far too short to go down it: the weights are still where they began.

    Plateaus and dead layers are none of that: there the slope itself is missing. What the loss has fallen by all the
    same is that one batch is easier than another.
    """
    if len(case.losses) < FEWEST or not case.steps or not case.steps[0].moved:
        return False
    if late_answers(case).explained > KNOWS:  # what it knew before
        return False
    near = travelled(case) < NEAR and reach(case) < FALL
    return near and min(elasticity(seen) for seen in case.steps) > ALIVE


def unlearnt(case: Case) -> bool:
    """Nothing was learnt, or less than half of what simple answers to this data would explain.

    A loss that does not fall is none where the answers were good from the start, as in fine-tuning.
    """
    return (case.stuck and not late_answers(case).explained > KNOWS) or falls_short(case)


def came_to_nothing(case: Case) -> bool:
    """Unlearnt, or its answers explain as good as nothing of the targets' spread, whatever simple answers do.

    A loss that is falling may still learn, but not where the answers are FAR_OFF times the spread away from targets.
    """
    known = late_answers(case).explained
    return unlearnt(case) or (known < NOTHING and not still_falling(case)) or known < -FAR_OFF


def falls_for_ever(losses: list[float]) -> bool:
    """Whether the loss has fallen to far below 0, and no more slowly at the end.

    Far is TIMES as far as it was from 0 in the first tenth of the run, and not more slowly: in the last third by a
    sixth of the whole and more, half of what it does in an average third. Or it lies ENDLESS times as far below 0.
    """
    size = len(losses) // WINDOWS
    if not size:
        return False
    first = fmean(map(abs, losses[:size]))
    means = [fmean(losses[i * size : (i + 1) * size]) for i in range(WINDOWS)]
    if not all(map(math.isfinite, means)):
        return losses[-1] < -ENDLESS * abs(losses[0]) < 0
    before, late = means[:-LATE], min(means[-LATE:])
    falls = before[-1] - late > (before[0] - late) / 6
    return (late < min(before) and late < -TIMES * first and falls) or late < -ENDLESS * first < 0


def settings(case: Case, name: str) -> Iterator[tuple[Seen, Update, ParameterUpdate]]:
    """Every change by an optimizer that has this setting."""
    for seen in case.steps:
        for made in seen.step.updates:
            for change in made.parameters.values():
                if made.optimizer and change.settings.get(name) is not None:
                    yield seen, made, change
