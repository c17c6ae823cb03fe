"""Every layer is wide enough for the answers.

Law: what passes a layer of r units depends on r numbers for each sample. If the last layer is linear, answers of K
outputs lie in a space of r dimensions (and a constant), and no weights leave less of the targets' spread than the
K − r smallest squared singular values of the targets do (Eckart & Young 1936). Of classes, one or two numbers must
tell all K apart along a line or in a plane.

The finding: fewer units than dimensions of the targets (singular values above a hundredth of the largest; of K
classes K − 1), so that at least a quarter of the targets' spread is lost; and the network explains no more than what
is left, and a quarter less than simple answers do, or less than half of those (answers.py).

Where targets are the inputs, as in an autoencoder, the narrow place is meant. It is told only where the width is the
whole limit: the answers lie in as many dimensions as the code has units, and explain all that so many can (NEAR), which
is a quarter less than everything; the cut goes through equals, the first direction that is lost carrying at least half
of the last that is kept; and a code narrower than the data would hold all of it. Behind bends answers lie in more
dimensions; there it is told where the inputs have as many factors as stand out, directions of like size (LIKE) and
behind them a gap (GAP) and nothing (TAIL), the code is narrower, and the network, at its end, explains hardly more than
a flat code of that width (BENT): faces and digits, whose directions fade one after the other, have no such gap. There
only a code of a single unit is told, which leaves them along one curve: where the network, at its end, knows less than
half, and so few flat directions as there are would keep CURVE times as much.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from chainrule.diagnose.answers import falls_short, late_answers, still_falling
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.comparison import comparisons
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention, place_of
from chainrule.step import Call

LAYERS = {"linear", "addmm", "matmul"}
LOST = 0.25
RANK = 1e-2
NEAR = 0.05  # of the spread: training has come to its end
LIKE, GAP, TAIL = 0.02, 0.2, 0.1  # of the largest direction; of the last of the factors; of the spread
CURVE = 1.5  # half as much again: more than bends along the one curve could still bring
BENT = 0.1  # of the spread, that bends may add


def check(case: Case) -> Iterator[Finding]:
    answers = late_answers(case)
    if case.steps:
        yield from _code(case, case.steps[-1])
    if not case.steps or not answers.attainable > answers.explained + LOST or answers.distinct is None:
        return
    seen = case.steps[-1]
    found = _narrowest(seen)
    if found is None or _is_input(seen):
        return
    call, units = found
    inputs, targets = answers.distinct
    values = _directions(targets)
    needed = int((values > RANK**2 * values[0]).sum())
    lost = float(values[units:].sum() / values.sum())
    if needed <= units or lost < LOST or inputs.shape[1] <= units:
        return
    if not falls_short(case) and answers.explained > 1 - lost:
        return
    yield Finding(
        slug="bottleneck",
        title=f"a layer of {units} units, and targets that vary in {needed} ways",
        where=Where.of_layer(call, next((v.name for v in call.values if v.kind == "parameter"), "")),
        steps=(case.steps[0].index, seen.index),
        evidence={
            "units": units,
            "dimensions of the targets": needed,
            "share of the targets' spread beyond so many dimensions": lost,
            "share that the network explains": answers.explained,
            "share that simple answers explain": answers.attainable,
        },
        because=f"all that the loss can tell the layers in front passes {units} derivatives for each sample, and what "
        "differs in more ways than that cannot be told apart behind it",
        fix=f"at least {needed} units, better several times as many",
        attempts=_wider(seen, call, 4 * needed),
    )


def _code(case: Case, seen: Seen) -> Iterator[Finding]:
    answers, found, compared = late_answers(case), _narrowest(seen), comparisons(seen)
    last = compared[0].answers() if len(compared) == 1 else None
    if found is None or last is None or not _is_input(seen) or not answers.given.isfinite().all():
        return
    call, units = found
    values, kept = _directions(answers.targets), _directions(last[0])  # of one step: the weights are the same
    if not 0 < units < len(values):
        return
    lost, factors = float(values[units:].sum() / values.sum()), _factors(values)
    flat = int((kept > RANK**2 * kept[0]).sum()) == units
    needed = int((values > RANK**2 * values[0]).sum()) if flat else factors
    if units == 1 and not flat and not needed:
        needed = _along_a_curve(values, answers.explained)
    if not units < needed < min(last[0].shape) or lost < LOST:
        return
    if flat and (answers.explained < 1 - lost - NEAR or values[units] < values[units - 1] / 2):
        return
    if not flat and ((factors and answers.explained > 1 - lost + BENT) or still_falling(case)):
        return
    yield Finding(
        slug="bottleneck",
        title=f"a code of {units} units, and inputs that vary as much in {needed} ways",
        where=Where.of_layer(call, next((v.name for v in call.values if v.kind == "parameter"), "")),
        steps=(case.steps[0].index, seen.index),
        evidence={
            "units": units,
            "dimensions of the inputs": needed,
            "share of their spread that a flat code of so many units can keep": 1 - lost,
            "share that the network keeps": answers.explained,
        },
        because=f"answers in {units} dimensions leave at least {lost:.0%} of the spread, whatever the weights: the "
        "loss is at its least, and its gradient is 0"
        if flat
        else f"all that the decoder learns of a sample are {units} of {needed} numbers that differ independently"
        if factors
        else "one number for each sample: whatever the decoder's weights, all its answers lie along one curve",
        fix=f"a code of {needed} units keeps all of it"
        + ("; with fewer, layers with a bend behind the code may" if flat else ""),
        attempts=_wider(seen, call, needed),
    )


def _wider(seen: Seen, call: Call, units: int) -> tuple[Intervention, ...]:
    """More units, where the layer and the one that takes them are linear."""
    later = (one for one in seen.calls if one.index > call.index and one.rule in LAYERS and one.takes_weight)
    following = next((one for one in later if call.output in seen.made_of(*one.values)), None)
    if following is None or {call.rule, following.rule} != {"linear"}:
        return ()
    return (Intervention.at(call, "wider", width=units, next=place_of(following)),)


def _along_a_curve(values: torch.Tensor, explained: float) -> int:
    """How many directions keep CURVE times as much as the network, where that knows less than half; 0 where it does."""
    kept = values.cumsum(0) / values.sum()
    enough = (kept >= CURVE * explained).nonzero()
    return int(enough[0]) + 1 if explained < 0.5 and len(enough) else 0


def _factors(values: torch.Tensor) -> int:
    """How many directions stand out: of like size, with a gap and next to nothing behind them; 0 where none do."""
    for count in range(len(values) - 1, 0, -1):
        like = values[count - 1] >= LIKE * values[0]
        if like and values[count] <= GAP * values[count - 1] and values[count:].sum() <= TAIL * values.sum():
            return count
    return 0


def _directions(t: torch.Tensor) -> torch.Tensor:
    """The variances of the principal directions, the largest first."""
    values: torch.Tensor = torch.linalg.svdvals(t.double() - t.double().mean(0)).square()
    return values


def _narrowest(seen: Seen) -> tuple[Call, int] | None:
    """The narrowest layer before the last one, and its units."""
    layers = [call for call in seen.calls if call.rule in LAYERS and call.takes_weight]
    widths = [(call, call.output.shape[-1]) for call in layers[:-1] if len(call.output.shape) == 2]
    return min(widths, key=lambda pair: pair[1], default=None)


def _is_input(seen: Seen) -> bool:
    data, compared = seen.batch.data, comparisons(seen)
    target = compared[0].target.tensor if compared else None
    if data is None or data.tensor is None or target is None:
        return False
    return torch.equal(data.tensor.flatten(), target.flatten())
