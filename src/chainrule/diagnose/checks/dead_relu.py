"""Some unit of every layer lets the gradient through.

Law: relu'(z) = 0 for z ≤ 0, so a unit that is 0 for every sample has ∂L/∂z = 0 exactly, and with it every weight that
leads only there; nothing can bring it back. Single dead units are usual; the finding is a layer of which *all* numbers
are 0 in all late recorded steps that call it, so that what lies before it gets no gradient at all. The threshold is
none: all of them, and exactly 0; or, where the answers are not known to be good, all but STRAY of them, which single
samples bring above 0 now and then. The hinge of a loss, max(0, margin − d), is no layer: it is 0 where all is as
wanted.

Or MOST of a layer's units are 0 for every sample in every step looked at, from the first one on: the layer has never
been as wide as it was made. That is a finding only where the network explains less than half of what simple answers do
(answers.py), since a wide layer may well do with a few.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from chainrule.diagnose.answers import all_answers, falls_short, late_answers
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.layers import CONVOLUTIONS, is_in_front_of_a_layer, is_rectifier
from chainrule.diagnose.motion import KNOWS
from chainrule.step import Call

Tensor = torch.Tensor

MOST = 0.75  # of the units; half of them are 0 for half of the samples in any fresh layer, none for all
FEWEST = 8  # units
STRAY = 1e-3  # of the numbers; a sparse layer that works has a hundredth and more


def check(case: Case) -> Iterator[Finding]:
    found = next(_dead(case, 0.0), None)
    if found is None and not late_answers(case).explained > KNOWS:
        found = next(_dead(case, STRAY), None)
    if found is None:
        yield from _mostly(case)
        return
    call, last, late = found
    given = call.values[0].tensor
    highest = float(given.max()) if given is not None else float("nan")
    if highest == 0:  # weights that are all 0: nothing is dead yet
        return
    is_last, alive = not is_in_front_of_a_layer(last, call), max(_share(seen, call) for seen in late)
    yield Finding(
        slug="dead-relu",
        title="every unit of a layer is 0 for every sample" + ("" if not alive else ", or nearly"),
        where=_drawn(case, call) or Where.of_layer(call),
        steps=(late[0].index, late[-1].index),
        evidence={
            "highest pre-activation": highest,
            "units": call.output.shape[-1],
            **({"largest share of its numbers above 0 in one step": alive} if alive else {}),
        },
        because="the slope of ReLU is 0 for all of them, so the product of the chain rule is exactly 0 in front of "
        "this layer, and it can never recover",
        fix="no bend behind the last layer: below 0 it has no answers"
        if is_last
        else "a smaller learning rate, biases that do not begin far below 0, or scaled inputs; LeakyReLU keeps a slope",
        attempts=(
            *((Intervention.at(call, "skip"),) if is_last else ()),
            *_other_start(_first(case, call), last, call),
            Intervention("rate", {"factor": 0.1}),
            Intervention("rate", {"factor": 0.01}),
            Intervention.at(call, "instead", function="leaky_relu", options={"negative_slope": 0.1}),
        ),
    )


def _dead(case: Case, stray: float) -> Iterator[tuple[Call, Seen, list[Seen]]]:
    """Layers that give only zeros, but for such a share, in all late steps that call them: the last call, the step that
    has it, and those steps."""
    for call, last in _rectifiers(case.late):
        late = [seen for seen in case.late if _same(seen, call)]
        if len(late) > 1 and not _is_hinge(last, call) and all(_is_dead(seen, call, stray) for seen in late):
            yield call, last, late


def _rectifiers(late: list[Seen]) -> list[tuple[Call, Seen]]:
    """Each at its last call: where networks are trained in turn, not every step has all of them."""
    found = {(call.where, call.module): (call, seen) for seen in late for call in seen.calls if is_rectifier(call)}
    return list(found.values())


def _mostly(case: Case) -> Iterator[Finding]:
    if not falls_short(case):
        return
    last = case.steps[-1]
    for call in last.calls:
        alive = [_alive(seen, call) for seen in case.steps] if is_rectifier(call) else []
        if not alive or any(part is None for part in alive):
            continue
        ever = torch.stack([part for part in alive if part is not None]).any(0)
        dead = float((~ever).double().mean())
        if dead < MOST or len(ever) < FEWEST:
            continue
        highest = call.values[0].tensor
        yield Finding(
            slug="dead-relu",
            title=f"{int((~ever).sum())} of {len(ever)} units of a layer are 0 for every sample, from the start",
            where=_drawn(case, call) or Where.of_layer(call),
            steps=(case.steps[0].index, last.index),
            evidence={
                "share of units that never fire": dead,
                "units": len(ever),
                "median pre-activation": float(highest.median()) if highest is not None else math.nan,
                "share of the targets' spread that the network explains": late_answers(case).explained,
                "that simple answers explain": all_answers(case).attainable,
            },
            because="the slope of ReLU is 0 for them, so that none of their weights ever gets a gradient, and the few "
            "units left have to do all the work",
            fix="biases that begin at 0, weights as torch draws them, or scaled inputs; LeakyReLU keeps a slope",
            attempts=_first_weights(last, call),
        )
        return


def _drawn(case: Case, call: Call) -> Where | None:
    """Where the script wrote the weights or the bias in front, if the layer was dead from the start."""
    first = _first(case, call)
    made = first.producer(_same(first, call)[0].values[0]) if _is_dead(first, call, STRAY) else None
    if made is None:
        return None
    return Where.of_weights(made, [v.name for v in reversed(made.values) if v.kind == "parameter"], case.steps[0].step)


def _first(case: Case, call: Call) -> Seen:
    """The first step that calls it."""
    return next(seen for seen in case.steps if _same(seen, call))


def _is_hinge(seen: Seen, call: Call) -> bool:
    """Whether it is the max(0, m − d) of a loss, which is 0 where all is as wanted."""
    made = seen.producer(call.values[0])
    by_a_number = made is not None and made.rule in ("add", "sub", "rsub") and len(made.values) == 1
    return by_a_number and not is_in_front_of_a_layer(seen, call)


def _alive(seen: Seen, like: Call) -> Tensor | None:
    """Which units of the layer are above 0 for some sample of the step."""
    outputs = [call.output.tensor for call in _same(seen, like)]
    if not outputs or any(out is None or out.dim() < 2 for out in outputs):
        return None
    made = [seen.origin(call.values[0]) for call in _same(seen, like)]
    of_kernels = len(like.output.shape) > 3 or any(one is not None and one.rule in CONVOLUTIONS for one in made)
    found = [(out > 0).movedim(1 if of_kernels else -1, -1).flatten(0, -2).any(0) for out in outputs if out is not None]
    return torch.stack(found).any(0) if len({len(part) for part in found}) == 1 else None


def _same(seen: Seen, like: Call) -> list[Call]:
    """The calls of the same place in this step."""
    return [call for call in seen.calls if (call.rule, call.where, call.module) == (like.rule, like.where, like.module)]


def _is_dead(seen: Seen, like: Call, stray: float = 0.0) -> bool:
    """Whether the call of the same place gives only zeros in this step, but for such a share."""
    return _share(seen, like) <= stray


def _share(seen: Seen, like: Call) -> float:
    """Of its numbers in this step, those that are not 0; nan where it is not called or its numbers are not known."""
    outputs = [call.output.tensor for call in _same(seen, like)]
    if not outputs or any(out is None for out in outputs):
        return math.nan
    return max(int(torch.count_nonzero(out)) / max(out.numel(), 1) for out in outputs if out is not None)


def _other_start(first: Seen, last: Seen, call: Call) -> tuple[Intervention, ...]:
    """Other first weights of the layer before, where it was dead from the start."""
    return _first_weights(last, call) if _is_dead(first, call, STRAY) else ()


def _first_weights(last: Seen, call: Call) -> tuple[Intervention, ...]:
    made = last.producer(call.values[0])
    names = [value.name for value in made.values if value.kind == "parameter"] if made is not None else []
    return (Intervention("draw", {"parameters": names}),) if names else ()
