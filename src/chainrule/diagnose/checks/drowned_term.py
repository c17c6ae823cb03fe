"""No part of the loss drowns the other.

Law: for L = a + λ·b the weights that a and b share get g_a + λ·g_b, and where λ·g_b is far larger the step is that of b
alone. A penalty (the KL term of a variational autoencoder, weight decay by hand) is least where the network says
nothing: it falls, and the comparison with the targets stays at that of the best constant answer (posterior collapse;
Bowman et al. 2016; Higgins et al. 2017).

The finding: at the first step looked at the other parts of a loss that is a sum are TIMES the comparison and more, at
the last they have fallen below it, while the network explains less than a twentieth of the targets' spread, and simple
answers half and more (answers.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.diagnose.answers import all_answers, late_answers
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.comparison import addends, comparisons
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.step import Call, Value

TIMES = 1.0
NOTHING = 0.05
MUCH = 0.5


def check(case: Case) -> Iterator[Finding]:
    if len(case.steps) < 2 or not late_answers(case).explained < NOTHING or not all_answers(case).attainable > MUCH:
        return
    first, last = _parts(case.steps[0]), _parts(case.steps[-1])
    if first is None or last is None or not first[0] > TIMES * abs(first[1]) or not last[0] < abs(last[1]):
        return
    factor = first[2]
    number = next((a for a in factor.arguments.values() if isinstance(a, int | float)), None)
    yield Finding(
        slug="drowned-term",
        title=(
            "the weight decay that is written by hand" if _is_decay(case.steps[0], factor) else "one part of the loss"
        )
        + " drowns the comparison with the targets",
        where=Where.of(factor),
        steps=(case.steps[0].index, case.last),
        evidence={
            "the other parts, first and last": [first[0], last[0]],
            "the comparison, first and last": [first[1], last[1]],
            "share of the targets' spread that the network explains": late_answers(case).explained,
            **({"factor": number} if number is not None else {}),
        },
        because="the weights get the sum of both gradients, and it points where the large part falls: to a network "
        "that says nothing",
        fix="a smaller factor (1 or less for a KL term summed over a sample's numbers as the comparison is), or one "
        "that grows from 0",
        attempts=(Intervention.at(factor, "arguments", arguments={"other": 0.01 * number}),)
        if number is not None and factor.rule == "mul"
        else (),
    )


def _is_decay(seen: Seen, part: Call) -> bool:
    """Whether it is made of weights alone."""
    return not any(value.kind == "data" for value in seen.made_of(part.output))


def _parts(seen: Seen) -> tuple[float, float, Call] | None:
    """(all other parts, the comparison with its factor, the call that made the largest other part) of a sum."""
    compared = comparisons(seen)
    loss = seen.notation.loss
    if len(compared) != 1 or loss is None:
        return None
    others, own = [], 0.0
    for value in addends(seen, loss, {"add"}):
        call = seen.producer(value)
        if value.numel == 1 and value.tensor is not None:
            size = float(value.tensor)
            if _leads_to(seen, value, compared[0].call):
                own += size
            elif call is not None:
                others.append((size, call))
    return (sum(size for size, _ in others), own, max(others, key=lambda part: part[0])[1]) if others else None


def _leads_to(seen: Seen, value: Value, comparison: Call) -> bool:
    todo, done = [value], set()
    while todo:
        call = seen.producer(todo.pop())
        if call is comparison:
            return True
        if call is not None and call.index > comparison.index and call.index not in done:
            done.add(call.index)
            todo += call.inputs
    return False
