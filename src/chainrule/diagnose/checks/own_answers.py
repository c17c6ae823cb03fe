"""The targets are not the network's own answers.

Law: ∂L/∂ŷ leads towards the target. A class that was read off the scores it is compared with, their largest, is known
already: each step makes the network surer of what it happens to answer, and the loss falls to 0 without a label.

The finding: in every step looked at each class target is the largest of its own scores, of FEWEST samples and more, and
the network is not sure: in the first step its mean certainty lies in the lower half between 1/classes and 1, as no
trained network's does. One that adapts by its own sure answers, or beside labels, is none of that.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.comparison import comparisons
from chainrule.diagnose.finding import Finding, Where
from chainrule.step import Call, Value

Tensor = torch.Tensor

FEWEST = 24  # in all steps; by chance so many are right in no more than one of 2^24 networks


def check(case: Case) -> Iterator[Finding]:
    found = [_compared(seen) for seen in case.steps]
    pairs = [one for one in found if one is not None]
    if not pairs or len(pairs) < len(found) or len(pairs) < 2 or not _unsure(pairs[0][2]):
        return
    count = sum(len(given) for _, _, given, _ in pairs)
    if count < FEWEST or not all(torch.equal(given.argmax(1), target.argmax(1)) for _, _, given, target in pairs):
        return
    first = case.steps[0]
    call, target, given, _ = pairs[0]
    aside = next((one for one in first.step.asides if one.result == target.index), None)
    yield Finding(
        slug="own-answers",
        title="the targets of the loss are what the network has just answered",
        where=Where.of(call) if aside is None else Where.at(aside.at, aside.module),
        steps=(first.index, case.steps[-1].index),
        evidence={
            "targets that are the largest of the scores they are compared with": 1.0,
            "samples": count,
            "mean certainty, first step": float(given.max(1).values.mean()),
            "first loss": case.losses[0],
            "last loss": case.losses[-1],
        },
        because="the gradient leads each answer to where it already is: the network grows sure without being told "
        "anything",
        fix="compare the scores with the labels of the data: here the answers have taken their name",
    )


def _compared(seen: Seen) -> tuple[Call, Value, Tensor, Tensor] | None:
    """The loss, its target, and both as probabilities and one-hot rows; None where there is not one of classes."""
    found = comparisons(seen)
    pair = found[0].answers() if len(found) == 1 and found[0].is_classes else None
    return None if pair is None or not len(pair[0]) else (found[0].call, found[0].target, *pair)


def _unsure(given: Tensor) -> bool:
    least = 1 / given.shape[1]
    return float(given.max(1).values.mean()) < (least + 1) / 2
