"""What the optimizer trains has a part in the loss.

Law: ∂L/∂w is 0, and not even computed, for every w from which no way leads to L. A layer can be called in each step and
still be left alone: a loss that compares the input with itself, another model's answers, an output that only gets
printed.

The finding: in every step looked at calls with parameters of the optimizer are made with a graph, no backward pass
comes through them, and they hold SHARE of its numbers and more; or less, where a loss is computed of them, or where
another answer of the same shape is compared in its place: with two targets, one that no optimizer's weights have made,
or one that the last of these layers goes on from; or another of any shape with two targets, one of which has as many
classes as this has outputs. (Where the graph is cut on the way, that is cut_graph.py's; a small layer whose output
nobody needs, as the pooler of a language model, is no fault.)
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.directions import LOSSES
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention, place_of
from chainrule.step import Call, Value

SHARE = 0.2
FEWEST = 2


def check(case: Case) -> Iterator[Finding]:
    found = [_left_out(seen) for seen in case.steps]
    judged = all(_compared(seen, calls) for seen, (calls, _) in zip(case.steps, found, strict=True))
    twice = [_asked_twice(seen, calls) for seen, (calls, _) in zip(case.steps, found, strict=True)]
    judged |= all(twice)
    if len(found) < FEWEST or not all(calls and (judged or share > SHARE) for calls, share in found):
        return
    seen, (calls, share), asked = case.steps[-1], found[-1], twice[-1]
    last = calls[-1]
    root = seen.step.backwards[0]
    yield Finding(
        slug="unused-output",
        title=f"{share:.0%} of what the optimizer has takes no part in the loss, though it is called",
        where=Where.of(_meant(asked, last))
        if asked
        else Where.of(last, next(value.name for value in last.values if value.kind == "parameter")),
        steps=(case.steps[0].index, case.last),
        evidence={
            "calls whose parameters get no gradient": ", ".join(
                dict.fromkeys(call.module or call.name for call in calls)
            ),
            "share of the optimizer's numbers": share,
            **(
                {"another answer is compared instead": ", ".join(f"line {call.line}" for call in asked)}
                if asked
                else {}
            ),
            "backward()": str(root.at),
        },
        because="no way leads from their results to the loss, so that the chain rule never comes to them",
        fix="look at what the loss is computed of: it should be this output, compared with its target",
        attempts=_attempts(seen, calls[-1], asked),
    )


def _meant(asked: list[Call], last: Call) -> Call:
    """The one that has as many classes as what is left out has outputs, if there is one; else the last."""
    fit = [call for call in asked if _classes(call) == last.output.shape[-1]]
    return fit[0] if len(fit) == 1 else asked[-1]


def _attempts(seen: Seen, last: Call, asked: list[Call]) -> tuple[Intervention, ...]:
    """What is left out, in the loss that may mean it: of its shape, or with as many classes as it has outputs."""
    fits = [
        call
        for call in asked
        if _squeezed(call.arguments["input"]) == _squeezed(last.output) or _classes(call) == last.output.shape[-1]
    ]
    return tuple(Intervention.at(call, "take", argument="input", source=place_of(last)) for call in reversed(fits))


def _compared(seen: Seen, calls: list[Call]) -> bool:
    """Whether what these calls lead to is compared with targets."""
    reached = {value for call in calls for value in call.outputs}
    for call in seen.step.calls:
        if reached & set(call.values):
            if call.rule in LOSSES and isinstance(call.arguments.get("target"), Value):
                return True
            reached |= set(call.outputs)
    return False


def _asked_twice(seen: Seen, calls: list[Call]) -> list[Call]:
    """The losses that take another answer of the shape of what is left out: one that is compared with two targets, that
    is of layers which no optimizer has, or that what is left out goes on from. Or of any shape: one that is compared
    with two targets, where what is left out has as many outputs as one of those has classes."""
    if not calls:
        return []
    shapes = {_squeezed(call.output) for call in calls}
    losses = [call for call in seen.calls if call.rule in LOSSES and isinstance(call.arguments.get("target"), Value)]
    by_answer: dict[Value, list[Call]] = {}
    for call in losses:
        by_answer.setdefault(call.arguments["input"], []).append(call)
    return next(
        (
            asked
            for answer, asked in by_answer.items()
            if (
                _squeezed(answer) in shapes
                and (
                    len({call.arguments["target"] for call in asked}) > 1
                    or _is_strangers(seen, answer)
                    or _goes_on(seen, answer, calls[-1])
                )
            )
            or (len(asked) > 1 and any(_classes(call) == calls[-1].output.shape[-1] for call in asked))
        ),
        [],
    )


def _squeezed(value: Value) -> tuple[int, ...]:
    return tuple(size for size in value.shape if size != 1)


def _classes(call: Call) -> int:
    """How many classes the targets of this step name."""
    t = call.arguments["target"].tensor
    return 0 if t is None or t.is_floating_point() or not t.numel() else int(t.max()) + 1


def _goes_on(seen: Seen, answer: Value, last: Call) -> bool:
    """Whether this layer takes the answer, and gives one of the same shape: it was to be the better one."""
    return _squeezed(last.output) == _squeezed(answer) and answer in seen.made_of(*last.values, off_path=True)


def _is_strangers(seen: Seen, answer: Value) -> bool:
    """Whether the layer that gave this answer has weights, and no optimizer has them."""
    made = seen.origin(answer)
    weights = {value.index for value in made.values if value.kind == "parameter"} if made is not None else set()
    return bool(weights) and bool(seen.moved) and not weights & seen.moved.keys()


def _left_out(seen: Seen) -> tuple[list[Call], float]:
    """The calls with parameters that an optimizer has and no gradient reaches, and their share of its numbers."""
    idle = {index for made in seen.step.updates for index in made.idle}
    moved = sum(change.before.numel() for change in seen.moved.values())
    on_path = {call for backward in seen.step.backwards for call in backward.calls}
    calls = [c for c in seen.step.calls if c not in on_path and any(value.index in idle for value in c.values)]
    numbers = sum({v.index: v.numel for call in calls for v in call.values if v.index in idle}.values())
    return calls, numbers / (numbers + moved) if numbers else 0.0
