"""A step begins where the one before ended.

Law: w ← w − η·g is a small change, and learning is the sum of many. Where the weights are put back between the steps
(the model is made in the loop, a checkpoint is loaded in each epoch), the sum never grows beyond what one stretch adds.

The weights of the recorded steps tell where it happens at every step: each begins with the same numbers, bit for bit,
though each changes them; or all weight matrices lie half their size and more away from where the step before left
them, which no projection or clipping of weights does to all. Where it happens once in an epoch, the script's lines
tell: an optimizer of other parameters, made there again and again, or the same numbers loaded again into weights that
had left them, FEWEST times and more.

Cross-validation does the same, and so does fine-tuning for one task after the other: there each stretch learns. So the
stretches, one laid over the other, must not have learnt: where each is one pass through the data, their loss does not
fall by a tenth, or is still falling by as much in its second half; where that is not known, it does not fall, and
simple answers explain twice as much as the network (answers.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from statistics import fmean
from typing import Any

import torch

from chainrule.breakdown.flow import norm
from chainrule.diagnose.answers import falls_short
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.motion import FALL
from chainrule.step import Line, ParameterUpdate

FEWEST = 3  # times
AWAY = 0.5  # of their size


def check(case: Case) -> Iterator[Finding]:
    if len(case.steps) <= FEWEST or not case.steps[-1].step.updates:
        return
    every = _same(case) or _jumps(case)
    lines = (one for one in case.history.about.get("restarts", []) if one["times"] > FEWEST and _within(one, case))
    line = next((one for one in lines if every or _learns_nothing(case, one)), None)
    if not every and line is None:
        return
    made = case.steps[-1].step.updates[-1]
    place = Where.at(made.made, made.optimizer) if line is None else Where.at(_at(line), line["name"])
    what = {"weights": "the same weights are loaded", "optimizer": "the model and its optimizer are made"}
    again = len(case.losses) if line is None else line["times"]
    yield Finding(
        slug="started-anew",
        title="every step begins with weights that the one before did not leave"
        if every
        else f"{what[line['kind']] if line else ''} {again:,} times within {len(case.losses):,} steps",
        where=place,
        steps=(case.steps[0].index, case.last),
        evidence={
            "times": again,
            "training steps": len(case.losses),
            "loss, first": case.losses[0],
            "loss, last": case.losses[-1],
            **({"steps looked at that begin so": every} if every else {}),
        },
        because="learning is the sum of many small steps, and what they have summed up is thrown away each time",
        fix="make the model and its optimizer, or load them, once in front of the loop",
        attempts=(Intervention("keep weights", {"file": place.file, "line": place.line}),)
        if line is not None and line["kind"] == "weights"
        else (),
    )


def _within(line: dict[str, Any], case: Case) -> bool:
    return bool(case.start <= line["first"] and line["last"] <= case.end)


def _at(line: dict[str, Any]) -> Line:
    return Line(line["file"], line["line"])


def _learns_nothing(case: Case, line: dict[str, Any]) -> bool:
    """Whether this line was run again and again, with other parameters, and no stretch between two times learnt."""
    again = line["times"] - 1
    if line["kind"] == "optimizer" and line["same"] > again / 2:
        return False
    length = max(1, round((line["last"] - line["first"]) / again))
    losses = case.losses[line["first"] - case.start :]
    stretch = [fmean(losses[i::length]) for i in range(length)]  # one laid over the other
    quarter = -(-length // 4)
    first, last = fmean(stretch[:quarter]), fmean(stretch[-quarter:])
    flat = not last < first - FALL * abs(first)
    if not _one_pass(case, line, length):
        return flat and falls_short(case)
    before = fmean(stretch[quarter : 2 * quarter] or [first])
    return flat or last < before - FALL * abs(before)


def _one_pass(case: Case, line: dict[str, Any], length: int) -> bool:
    """Whether the data are gone through once between two times: a loader is begun as often, or has so many batches."""
    if any(abs(one["iterators"] - line["times"]) <= 1 for one in case.history.about.get("loaders", [])):
        return True
    first = case.steps[0]
    data = first.batch.data
    part = first.step.parts.get(data.index) if data is not None else None
    return part is not None and data is not None and length <= 1 + part.rows / max(1, data.shape[0])


def _same(case: Case) -> int:
    """The number of steps, where all begin with the same weights and change them."""
    changes = [_matrices(seen) for seen in case.steps]
    first = changes[0]
    alike = all(
        change.keys() == first.keys() and all(torch.equal(change[name].before, first[name].before) for name in first)
        for change in changes
    )
    moved = all(_changes(one) for change in changes for one in change.values())
    return len(changes) if first and alike and moved else 0


def _jumps(case: Case) -> int:
    """The number of steps, where each begins far from where the one before it ended."""
    pairs = [(a, b) for a, b in pairwise(case.steps) if b.index == a.index + 1]
    found = [(_matrices(a), _matrices(b)) for a, b in pairs]
    far = all(
        a and a.keys() == b.keys() and all(_is_far(a[name].after, b[name].before) for name in a) for a, b in found
    )
    return len(found) if len(found) >= FEWEST and far else 0


def _is_far(after: torch.Tensor | None, before: torch.Tensor) -> bool:
    if after is None or after.shape != before.shape:
        return False
    return norm(before.double() - after.double()) > AWAY * norm(after)


def _changes(change: ParameterUpdate) -> bool:
    return change.after is not None and not torch.equal(change.after, change.before)


def _matrices(seen: Seen) -> dict[str, ParameterUpdate]:
    """What optimizers did to the weight matrices of modules, by name."""
    every = ((seen.step.values[index], change) for index, change in seen.moved.items())
    return {value.name: change for value, change in every if value.owned and change.before.dim() > 1}
