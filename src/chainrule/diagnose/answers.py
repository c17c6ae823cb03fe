"""What the network answered and what it should have: all samples of the steps looked at, in one form.

Classes are compared as probabilities with one-hot targets, everything else as numbers. So the share of the targets'
spread that the answers explain (measure.py) means the same for every loss.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cached_property
from statistics import fmean
from typing import NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch.nn import functional as F

from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.comparison import Comparison, comparisons
from chainrule.diagnose.measure import affine, around, explained, nearest
from chainrule.step import Value

Tensor = torch.Tensor

STEPS = 30  # of fewer training steps nothing is said about what the network has come to
SOMETHING = 0.2  # of the targets' spread
FALLING = 0.2
FEWEST = 24  # samples; of fewer nothing is said about what could be learnt
ENOUGH = 64  # samples to say how well the network answers
MOST = 300  # samples that are compared pair by pair
MOST_FEATURES = 3072
MOST_COMPARISONS = 4
FAR = 1e-3  # of a loss: rounding is less, another function more
FEW = 32  # symbols that are told apart, each a feature: of more, too few samples have each


class Answers:
    """All samples of some steps. Tensors are empty where the steps have not `number` comparisons each, of which the one
    in the place `which` is looked at.

    inputs     (samples, features), or None where they are no numbers or not one row for each target; of several
               tensors the rows side by side, without those that hold symbols of many kinds, or several for a sample
    given      (samples, outputs)  what the network answered, in the last of the steps in which the sample was seen
    targets    (samples, outputs)
    partial    whether an answer may depend on more than its row of the inputs: one for each place of a sequence
    """

    def __init__(self, steps: Iterable[Seen], which: int = 0, number: int = 1) -> None:
        self.partial = False
        inputs: list[Tensor | None] = []
        given: list[Tensor] = []
        targets: list[Tensor] = []
        for seen in steps:
            found = comparisons(seen)
            pair = found[which].answers() if len(found) == number else None
            if pair is None or any(part.shape[1:] != pair[0].shape[1:] for part in given):
                continue
            given.append(pair[0].double())
            targets.append(pair[1].double())
            found_inputs, of_a_part = _inputs(seen, found[which], len(pair[1]))
            self.partial |= of_a_part
            inputs.append(found_inputs)
        self.given = torch.cat(given) if given else torch.empty(0, 0)
        self.targets = torch.cat(targets) if targets else torch.empty(0, 0)
        wanted = [part for part in inputs if part is not None]
        same = len(wanted) == len(given) > 0 and len({part.shape[1] for part in wanted}) == 1
        self.inputs = torch.cat(wanted).double() if same else None

    @cached_property
    def explained(self) -> float:
        """Of the targets' spread by the answers; nan of fewer than FEWEST samples."""
        finite = bool(self.given.isfinite().all())
        return math.nan if len(self.given) < FEWEST else explained(self.given, self.targets) if finite else -math.inf

    @cached_property
    def distinct(self) -> tuple[Tensor, Tensor] | None:
        """Inputs and targets of at most MOST samples, each once: who sees a sample twice can look its answer up."""
        return self.distinct_of(MOST)

    def distinct_of(self, most: int) -> tuple[Tensor, Tensor] | None:
        """The same of so many."""
        if self.inputs is None or not self.inputs.isfinite().all() or not self.targets.isfinite().all():
            return None
        both = torch.cat([self.inputs, self.targets], 1)
        generator = torch.Generator().manual_seed(0)
        marks = both @ torch.randn(both.shape[1], generator=generator, dtype=both.dtype)  # equal rows have equal ones
        order = torch.randperm(len(both), generator=generator)
        first = {mark: index for index, mark in zip(order.tolist(), marks[order].tolist(), strict=True)}
        rows = both[list(first.values())[:most]]
        width = self.inputs.shape[1]
        return (rows[:, :width], rows[:, width:]) if len(rows) >= FEWEST else None

    @cached_property
    def attainable(self) -> float:
        """What simple answers explain of targets they have not seen: an affine function of the inputs, or the nearest
        other samples, whichever is better; nan where that cannot be said. A lower bound: a network may do better."""
        if self.distinct is None:
            return math.nan
        return max(affine(*self.distinct), nearest(*self.distinct))


class Both(NamedTuple):
    """What the network has come to, in the last steps, and what the data is like, in all."""

    late: Answers
    all: Answers


_KNOWN: WeakKeyDictionary[Case, Both] = WeakKeyDictionary()
_EACH: WeakKeyDictionary[Case, list[Both]] = WeakKeyDictionary()


def falls_short(case: Case) -> bool:
    """Whether simple answers explain something, and the network less than half of that and is not about to learn it;
    or its loss is no longer finite."""
    return falls_short_in(_both(case), case)


def falls_short_in(answers: Both, case: Case) -> bool:
    """The same of one comparison."""
    attainable = answers.all.attainable
    short = answers.late.explained < 0.5 * attainable and not still_falling(case)
    return attainable > SOMETHING and (short or not math.isfinite(case.losses[-1]))


def still_falling(case: Case) -> bool:
    """Whether the loss has fallen on by a fifth and more since the last steps that were looked at, to below that of the
    best constant answer: to fall towards that is not to learn."""
    before = [around(case.losses, seen.index - case.start) for seen in _last(case.steps)]
    after = around(case.losses, len(case.losses))
    return after < (1 - FALLING) * fmean(before) and not after > constant_loss(case)


def constant_loss(case: Case) -> float:
    """The loss of the best constant answer to the targets looked at; nan where the loss is more than one plain mean."""
    compared = comparisons(case.steps[-1]) if case.steps else []
    t = all_answers(case).targets
    if len(compared) == 1 and compared[0].by_hand and len(t):
        return _constant_by_hand(case.steps[-1], compared[0], t)
    if len(compared) != 1 or compared[0].prediction is not case.steps[-1].notation.prediction or not len(t):
        return math.nan
    call, mean = compared[0].call, t.mean(0)
    if isinstance(call.arguments.get("weight"), Value) or call.arguments.get("reduction") not in ("mean", None):
        return math.nan
    if compared[0].is_classes:
        return float(-torch.xlogy(mean, mean).sum())
    if call.rule in ("binary_cross_entropy", "binary_cross_entropy_with_logits"):
        return float(-(torch.xlogy(mean, mean) + torch.xlogy(1 - mean, 1 - mean)).mean())
    if call.rule in ("huber_loss", "smooth_l1_loss"):
        middle = t.median(0).values.expand_as(t)
        bound = max(float(call.arguments.get("delta") or call.arguments.get("beta") or 1.0), 1e-12)
        return float(F.huber_loss(middle, t, delta=bound)) / (1.0 if call.rule == "huber_loss" else bound)
    if call.rule in ("l1_loss", "mse_loss"):
        away = t - (t.median(0).values if call.rule == "l1_loss" else mean)
        return float((away.abs() if call.rule == "l1_loss" else away.square()).mean())
    return math.nan


def _constant_by_hand(seen: Seen, compared: Comparison, t: Tensor) -> float:
    """Where the loss is the mean of the squared differences, or of their sizes."""
    pair = compared.answers() if compared.form == "numbers" else None
    if pair is None:
        return math.nan
    away = pair[0].double() - pair[1].double()
    if math.isclose(seen.step.loss, float(away.square().mean()), rel_tol=FAR):
        return float((t - t.mean(0)).square().mean())
    if math.isclose(seen.step.loss, float(away.abs().mean()), rel_tol=FAR):
        return float((t - t.median(0).values).abs().mean())
    return math.nan


def late_answers(case: Case) -> Answers:
    """Of the last steps looked at, as many as have ENOUGH samples, at least two: what the network has come to."""
    return _both(case)[0]


def all_answers(case: Case) -> Answers:
    """Of all of them: what the data is like."""
    return _both(case)[1]


def each_answers(case: Case) -> list[Both]:
    """Of each comparison, in the order in which they are made: of one, or of several that add up to the loss."""
    if case not in _EACH:
        steps = case.steps if len(case.losses) >= STEPS else []
        numbers = {len(comparisons(seen)) for seen in steps}
        number = numbers.pop() if len(numbers) == 1 else 0
        several = number if number <= MOST_COMPARISONS else 0
        each = ((Answers(_last(steps), k, number), Answers(steps, k, number)) for k in range(several))
        _EACH[case] = [_both(case)] if number == 1 else [Both(*pair) for pair in each]
    return _EACH[case]


def _both(case: Case) -> Both:
    if case not in _KNOWN:
        steps = case.steps if len(case.losses) >= STEPS else []
        _KNOWN[case] = Both(Answers(_last(steps)), Answers(steps))
    return _KNOWN[case]


def _last(steps: list[Seen]) -> list[Seen]:
    """The last steps that have ENOUGH samples, at least two."""
    counted = 0
    for number, seen in enumerate(reversed(steps), 1):
        counted += max((c.prediction.shape[0] for c in comparisons(seen) if c.prediction.shape), default=0)
        if number > 1 and counted >= ENOUGH:
            return steps[-number:]
    return steps[len(steps) // 2 :]


def _inputs(seen: Seen, compared: Comparison, count: int) -> tuple[Tensor | None, bool]:
    """A row of the inputs for each of `count` answers, and whether it is that of one place of a sample only."""
    data = seen.batch.data
    if data is None or data.tensor is None or not data.shape:
        return None, False
    found = (features(seen, value) for value in (data, *other_inputs(seen, compared)))
    parts = [part for part in found if part is not None]
    rows = None
    if parts and len(data.tensor) == count:
        rows = torch.cat([part.double().reshape(count, -1) for part in parts], 1)
    elif parts and parts[0].dim() > 2 and parts[0].flatten(0, -2).shape[0] == count:
        rows = parts[0].flatten(0, -2)
    known = rows is not None and 0 < rows.shape[1] <= MOST_FEATURES
    return (rows if known else None), known and len(data.tensor) != count


def features(seen: Seen, value: Value) -> Tensor | None:
    """Its numbers; of one symbol for each sample, of few, the rows of the identity matrix. None of other symbols."""
    if value.tensor is None or value.dtype.is_floating_point:
        return value.tensor
    tables = (call.arguments["weight"] for call in seen.calls if call.rule == "embedding" and value in call.values)
    table = next(tables, None)
    one_each = value.shape == (seen.batch.count,) and isinstance(table, Value) and table.shape[0] <= FEW
    return F.one_hot(value.tensor.long(), table.shape[0]) if one_each else None  # type: ignore[union-attr]


def other_inputs(seen: Seen, compared: Comparison) -> list[Value]:
    """What the prediction is made of besides the first inputs, one row for each sample: a time, an action, a symbol."""
    data, target = seen.batch.data, compared.target
    entered = (value for value in seen.made_of(compared.prediction) if value.kind == "data" and not value.owned)
    found = (v for v in entered if v is not data and v is not target and seen.batch.of(v.shape) and not _are_edges(v))
    return sorted(found, key=lambda value: value.index)


def _are_edges(value: Value) -> bool:
    """Whether it holds a number for each pair of samples, as the edges of a graph."""
    return len(value.shape) == 2 and value.shape[0] == value.shape[1]
