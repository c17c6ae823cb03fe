"""A sequence begins with a state of its own.

Law: h[t] = f(h[t−1], x[t]): the first state is part of the input. Where each step begins with the state that the last
one ended with, while its samples have nothing to do with those before, the network is given noise with every sample,
ever more of it where nothing makes it forget.

The finding: the state that enters is, number for number, one that the training step before ended with, in all pairs of
neighbouring steps looked at, and nothing was learnt (motion.py), or the answers are worse than a constant, or the
samples are drawn at random, by a DataLoader or by the script, or are random numbers that each step draws anew, and a
tenth and more of the targets' spread is not explained. They may stand in another order, in which a packed sequence has
them. A long text that is cut into pieces is read on so, piece after piece, and learns.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import torch

from chainrule.diagnose.answers import late_answers
from chainrule.diagnose.case import Case, Seen, tells
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.motion import came_to_nothing
from chainrule.step import Call, Value

FEWEST = 2  # pairs
LEARNT = 0.9  # of the targets' spread


def check(case: Case) -> Iterator[Finding]:
    pairs = [(a, b) for a, b in pairwise(case.steps) if b.index == a.index + 1]
    found = [_carried(a, b) for a, b in pairs]
    if len(found) < FEWEST or not all(found):
        return
    anew = _drawn_anew(case) and not late_answers(case).explained > LEARNT
    if not (_shuffled(case) or anew or came_to_nothing(case) or late_answers(case).explained < 0):
        return
    call, state = found[-1] or (case.steps[-1].calls[0], case.steps[-1].calls[0].output)
    yield Finding(
        slug="state-never-reset",
        title="each step begins with the state that the last one ended with",
        where=Where.of(call),
        steps=(pairs[0][1].index, pairs[-1][1].index),
        evidence={
            "shape of the state": list(state.shape),
            "its mean size": float(state.tensor.abs().mean()) if state.tensor is not None else float("nan"),
            "first loss": case.losses[0],
            "last loss": case.losses[-1],
        },
        because="what was left of other samples is an input of these, and says nothing about their targets",
        fix="a state of zeros for every new sequence, at the head of the loop over the batches",
        diff="+    hidden = None  # or zeros, for each batch",
        attempts=Intervention.of(state, [call], "zeros_like"),
    )


def _drawn_anew(case: Case) -> bool:
    """Whether the inputs of each step are random numbers that it drew itself, or computed of such."""
    data = [(seen, seen.batch.data) for seen in case.steps]
    return all(value is not None and value.index in seen.step.random for seen, value in data)


def _shuffled(case: Case) -> bool:
    """Whether the loader that gave most samples draws them at random, or the script takes its rows so."""
    parts = [seen.step.parts.get(seen.batch.data.index) for seen in case.steps if seen.batch.data is not None]
    if parts and all(part is not None and part.index >= 0 for part in parts):
        return True
    loaders = case.history.about.get("loaders", [])
    most: dict[str, Any] = max(loaders, key=lambda one: one["samples"] * one["iterators"], default={})
    return bool(most.get("shuffled"))


def _carried(before: Seen, after: Seen) -> tuple[Call, Value] | None:
    """The call that takes a result of the step before, and that result."""
    results = [v for call in before.calls for v in call.outputs if v.dtype.is_floating_point and tells(v)]
    for call in after.calls:
        if not call.takes_weight:
            continue
        for value in call.values:
            if value.kind == "data" and value.dtype.is_floating_point and tells(value):
                same = (made for made in results if made.shape == value.shape)
                if any(_equal(made.tensor, value.tensor) for made in same):
                    return call, value
    return None


def _equal(made: torch.Tensor | None, taken: torch.Tensor | None) -> bool:
    """Whether they are the same vectors, in any order."""
    if made is None or taken is None:
        return False
    return torch.equal(*(vectors.reshape(-1, vectors.shape[-1]).sort(0).values for vectors in (made, taken)))
