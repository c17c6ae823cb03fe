"""Every backward pass has a graph of its own.

Law: backward() goes once along the calls of the forward pass and frees what they kept. Where a result of an earlier
step enters the next one (a recurrent state that is carried on, features that are computed before the loop), its calls
are gone over again, and PyTorch says "backward through the graph a second time".

The script ended with that error; the first value that comes from an earlier step was seen before it.
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.diagnose.case import Case
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.step import Call, Step, Value

SAYS = "backward through the graph a second time"


def check(case: Case) -> Iterator[Finding]:
    failure = case.failure
    if failure is None or SAYS not in failure.message:
        return
    call = None if failure.step is None else _takes_older(failure.step)
    yield Finding(
        slug="graph-used-twice",
        title="a result of an earlier step enters this one with its graph"
        if call is None
        else f"{call.name} takes a result of an earlier step with its graph",
        where=Where.at(failure.at, "backward") if call is None else Where.of(call),
        steps=(case.end, case.end),
        evidence={"error": failure.message.partition(" (")[0], "at": str(failure.at)},
        because="the chain rule would go back through the earlier step once more, whose numbers are freed and whose "
        "weights have changed since",
        fix="compute it anew in every step, or carry it on without its graph: hidden = hidden.detach()",
        diff="+    hidden = hidden.detach()",
        attempts=() if call is None else (Intervention.at(call, "detached"),),
    )


def _takes_older(step: Step) -> Call | None:
    """The first call with an input that no call of this step made."""
    made: set[int] = set()
    for call in step.calls:
        if any(value.kind == "result" and value.index not in made and _may_be_older(value) for value in call.values):
            return call
        made |= {value.index for value in call.outputs}
    return None


def _may_be_older(value: Value) -> bool:
    return value.requires_grad
