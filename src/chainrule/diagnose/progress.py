"""How well a training went, and whether another one went better: what a trial is judged by."""

from __future__ import annotations

import math
from typing import Any

from chainrule.diagnose.answers import late_answers
from chainrule.diagnose.case import trainings
from chainrule.diagnose.measure import around
from chainrule.diagnose.motion import falls_for_ever
from chainrule.run.history import History

BETTER = 0.9  # what is left of the fault, at most


def progress(history: History, step: int = 0) -> dict[str, Any]:
    """The training that this step belongs to in a few facts: its steps, first and last loss, how it ended, what its
    answers explain."""
    case = next(case for case in reversed(trainings(history)) if case.start <= step)
    explained = late_answers(case).explained
    return {
        "steps": len(case.losses),
        "first loss": next(filter(math.isfinite, case.losses), math.nan),
        "last loss": around(case.losses, len(case.losses)) if case.losses else math.nan,
        "explained": None if math.isnan(explained) else explained,
        "falls for ever": falls_for_ever(case.losses),
        "rises for ever": falls_for_ever([-loss for loss in case.losses]),
        "ended": history.ended,
    }


def signed(run: dict[str, Any], sign: float) -> dict[str, Any]:
    """The facts of a run whose loss is meant with this sign."""
    if sign > 0:
        return run
    losses = {name: -run[name] for name in ("first loss", "last loss")}
    return run | losses | {"falls for ever": run["rises for ever"], "rises for ever": run["falls for ever"]}


def is_better(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether a fix has helped.

    Answers that explain more of the targets decide where they are known, since another loss is another unit: what is
    left unexplained must have fallen by a tenth. Else the loss must have fallen to less, as a share of its first
    value. What ended with an exception or in numbers that are not finite, or fell without end (motion.py), is worse
    than what did not.
    """
    if after["ended"] != "finished" or not math.isfinite(after["last loss"]) or after["falls for ever"]:
        return False
    if before["falls for ever"]:
        return True
    if before["ended"] == "exception" or not math.isfinite(before["last loss"]):
        return bool(_fell_to(after) < 1)
    known = before["explained"], after["explained"]
    if None not in known and math.isfinite(known[1]):
        return bool(1 - known[1] < BETTER * (1 - known[0]))
    return _fell_to(after) < BETTER * _fell_to(before)


def _fell_to(run: dict[str, Any]) -> float:
    """The last loss as a share of the first; of losses below zero, what it has fallen by counts."""
    first, last = run["first loss"], run["last loss"]
    if first > 0 and last >= 0:
        return float(last / first)
    return 1 - (first - last) / abs(first) if first else math.inf
