"""A parameter that has a gradient is moved.

Law: step 4 writes w ← w − η·g. A parameter for which a gradient arrives, and that no optimizer changes in any recorded
step, was not given to an optimizer (it lies in a plain list, or was made after the optimizer), or its learning rate is
0. Frozen parameters (requires_grad=False) have no gradient and are no fault.

The threshold is none: not one number changes in all the steps looked at, and the gradient is not zero in any.
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.breakdown.flow import norm
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.step import ParameterUpdate

FEWEST = 2  # steps
WRITTEN = "#"  # "judge.weight#2" is the parameter judge.weight after it was written within a step


def check(case: Case) -> Iterator[Finding]:
    if len(case.steps) < FEWEST:
        return
    changes = [seen.changes for seen in case.steps]
    still: dict[str, list[ParameterUpdate]] = {}
    for name in case.steps[-1].step.parameters:
        if WRITTEN in name:  # a parameter as it is after a first update in the same step
            continue
        if not all(_arrives(seen, name) for seen in case.steps):
            continue
        made = [change[name] for change in changes if name in change]
        if all(change.after is not None and bool((change.after == change.before).all()) for change in made):
            still[name] = made
    still = {name: made for name, made in still.items() if not made or float(made[-1].settings.get("lr", 1)) == 0}
    if not still:  # an update that is lost in rounding has another cause
        return
    name, made = next(iter(still.items()))
    seen = case.steps[-1]
    value = seen.step.parameters[name]
    call = next(call for call in seen.calls if value in call.values)
    rate = made[-1].settings.get("lr") if made else None
    given = made[-1] if made else None
    yield Finding(
        slug="never-moved",
        title=f"{len(still)} parameters have a gradient, and nothing ever changes them"
        if len(still) > 1
        else f"{name} has a gradient, and nothing ever changes it",
        where=Where.of(call, name),
        steps=(case.steps[0].index, seen.index),
        evidence={
            "parameters": ", ".join(list(still)[:6]),
            "gradient norm": norm(seen.gradient(value)),
            "learning rate": float(rate) if rate is not None else "not in any optimizer",
        },
        because="the chain rule carries the error to it, but the last step, w ← w − η·g, is never made: "
        + ("no optimizer has it" if given is None else f"η = {float(rate or 0):g}"),
        fix="give the optimizer model.parameters() after the whole model is built, its layers in an nn.ModuleList"
        if given is None
        else "give its parameter group a learning rate above 0",
    )


def _arrives(seen: Seen, name: str) -> bool:
    value = seen.step.parameters.get(name)
    gradient = seen.gradient(value) if value is not None else None
    return gradient is not None and bool(gradient.any())
