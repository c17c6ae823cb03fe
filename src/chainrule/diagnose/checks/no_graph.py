"""backward() starts from something that depends on a weight.

Law: the chain rule goes back along the calls that made the loss. Where each of them was outside of the graph (under
no_grad, behind detach(), argmax, item(), torch.tensor(…)), or no weight of them is to be trained, there is nothing to
go back along, and PyTorch says "element 0 of tensors does not require grad".

The script ended with that error; the call that cut the graph was seen before it.
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.diagnose.case import Case
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention, uncut
from chainrule.step import Aside

SAYS = "does not require grad and does not have a grad_fn"


def check(case: Case) -> Iterator[Finding]:
    failure = case.failure
    if failure is None or SAYS not in failure.message:
        return
    cuts = [aside for aside in failure.asides if aside.at.file and aside.source is not None]
    # Under no_grad all calls are beside the graph, and the first is where it begins.
    layer = next((aside for aside in cuts if aside.name.startswith(("F.", "torch.nn."))), None)
    switched = layer is not None and bool(layer.off.file)
    named = [aside for aside in cuts if not switched and not aside.name.startswith(("F.", "torch.nn."))]
    cut = named[-1] if named else layer if switched else cuts[0] if cuts else None
    yield Finding(
        slug="no-graph",
        title="the loss depends on no weight: "
        + (f"{cut.name} has no gradient" if cut is not None else "none of its inputs is to be trained"),
        where=Where.at(failure.at, "backward")
        if cut is None
        else Where.at(cut.off, "torch.no_grad", cut.module)
        if switched
        else Where.at(cut.at, cut.name, cut.module),
        steps=(case.end, case.end),
        evidence={
            "error": failure.message.partition(". ")[0],
            "at": str(failure.at),
            "calls outside of the graph": ", ".join(f"{one.name} (line {one.at.line})" for one in cuts[:6])
            or "none seen",
        },
        because="the numbers of the loss are there, but not the calls that lead from the weights to it, so there is "
        "nothing for the chain rule to go back along",
        fix="take out what cuts (no_grad, detach(), .data, argmax, item(), torch.tensor(…)), or thaw the weights",
        attempts=_attempts(cut, cuts, bool(named)),
    )


def _attempts(cut: Aside | None, cuts: list[Aside], named: bool) -> tuple[Intervention, ...]:
    if cut is None:
        return (Intervention("train"),)
    if not named:
        return (Intervention("graph", {"lines": sorted({(one.at.file, one.at.line) for one in cuts})}),)
    return uncut(cut.name, cut.at)
