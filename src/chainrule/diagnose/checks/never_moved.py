"""A parameter that has a gradient is moved.

Law: step 4 writes w ← w − η·g. A parameter for which a gradient arrives, and that no optimizer changes in any recorded
step, was not given to an optimizer (it lies in a plain list, or was made after the optimizer), or its learning rate is
0. Frozen parameters (requires_grad=False) have no gradient and are no fault; nor are those of a teacher, which make
targets only.

The threshold is none: not one number changes in all the steps looked at, and the gradient is not zero in any.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from chainrule.breakdown.flow import norm
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.step import ParameterUpdate, Update, Value

FEWEST = 2  # steps
WRITTEN = "#"  # "judge.weight#2" is the parameter judge.weight after it was written within a step


def check(case: Case) -> Iterator[Finding]:
    if len(case.steps) < FEWEST:
        return
    if all(_wants_inputs(seen) and not seen.moved for seen in case.steps):  # nothing is to be trained
        return
    still: dict[str, list[ParameterUpdate]] = {}
    for name in case.steps[-1].step.parameters:
        if WRITTEN in name:  # a parameter as it is after a first update in the same step
            continue
        named = [seen for seen in case.steps if seen.parameter(name) is not None]
        # where another model is looked at in front of the loop, the first step may know this one by another name
        if len(named) < max(FEWEST, len(case.steps) - 1) or not all(_arrives(seen, name) for seen in named):
            continue
        if not all(_is_weight(named[0], seen, name) for seen in named) or all(_makes_targets(s, name) for s in named):
            continue
        own = ((seen.changes, value) for seen in named if (value := seen.parameter(name)) is not None)
        made = [changes[value.name] for changes, value in own if value.name in changes]
        if all(change.after is not None and bool((change.after == change.before).all()) for change in made):
            still[name] = made
    still = {
        name: [change for change in made if change.settings]  # a script that writes the weights itself has none
        for name, made in still.items()
        if not made or not made[-1].settings or float(made[-1].settings.get("lr", 1)) == 0
    }
    if not still:  # an update that is lost in rounding has another cause
        return
    name, made = next(iter(still.items()))
    seen = case.steps[-1]
    value = seen.step.parameters[name]
    call = next(call for call in seen.calls if value in call.values)
    rate = made[-1].settings.get("lr") if made else None
    given = made[-1] if made else None
    strangers = sum(one.strangers for one in seen.step.updates if one.optimizer)
    others = given is None and bool(strangers) and not seen.moved  # every optimizer has other parameters than these
    optimizer = _twice(seen, value) if given is None and not others else None
    optimizer = seen.step.updates[-1] if others or (given is not None and seen.step.updates) else optimizer
    by_schedule = given is not None and optimizer is not None and bool(optimizer.scheduled.file)
    yield Finding(
        slug="never-moved",
        title=f"{len(still)} parameters have a gradient, and nothing ever changes them"
        if len(still) > 1
        else f"{name} has a gradient, and nothing ever changes it",
        where=Where.of_layer(call, name)
        if optimizer is None
        else Where.of_schedule(optimizer, name)
        if by_schedule
        else Where.at(optimizer.made, optimizer.optimizer, parameter=name),
        steps=(case.steps[0].index, seen.index),
        evidence={
            "parameters": ", ".join(list(still)[:6]),
            "gradient norm": norm(seen.gradient(value)),
            "learning rate": float(rate) if rate is not None else "not in any optimizer",
            "parameters of the optimizer that took no part": strangers,
        },
        because="the chain rule carries the error to it, but the last step, w ← w − η·g, is never made: "
        + ("no optimizer has it" if given is None else f"η = {float(rate or 0):g}"),
        fix="give the optimizer the parameters of the model that is trained: it has those of another one"
        if given is None and optimizer is not None
        else "give the optimizer model.parameters() after the whole model is built, its layers in an nn.ModuleList"
        if given is None
        else "a schedule that does not multiply the learning rate by 0 from the first step on"
        if by_schedule
        else "give its parameter group a learning rate above 0",
        attempts=()
        if given is None and optimizer is not None and not others  # two that play against each other: no loss tells
        else (Intervention("train"),)
        if given is None
        else (Intervention("set", {"settings": {"lr": _usual(seen)}}),),
    )


def _twice(seen: Seen, value: Value) -> Update | None:
    """An optimizer that has just the parameters of another one; of such a pair, the one whose place among them is that
    of the first backward pass that brought this parameter a gradient."""
    values = seen.step.values
    having = [
        (one, {values[i].name.partition(WRITTEN)[0] for i in (*one.parameters, *one.idle)})
        for one in seen.step.updates
        if one.optimizer
    ]
    pair = [
        one
        for one, parameters in having
        if any(_is_other(other, one) and others == parameters for other, others in having)
    ]
    passes = [place for place, one in enumerate(seen.step.backwards) if value.index in one.received]
    return pair[min(passes[0], len(pair) - 1)] if pair and passes else None


def _is_other(first: Update, second: Update) -> bool:
    """Whether these are two optimizers, and not one that makes two steps: it would have counted on."""
    if first is second or first.made != second.made:
        return first is not second
    counts = [
        {float(c.state["step"]) for c in made.parameters.values() if "step" in c.state} for made in (first, second)
    ]
    return counts[0] == counts[1] != set()


def _usual(seen: Seen) -> float:
    """The largest learning rate of the other parameters; where there are none, that of Adam's paper."""
    return max((float(change.settings.get("lr", 0)) for change in seen.moved.values()), default=0.0) or 1e-3


def _wants_inputs(seen: Seen) -> bool:
    """Whether a gradient comes to what goes into a layer beside its weights."""
    return any(_is_fed(seen, value) and _arrives(seen, name) for name, value in seen.step.parameters.items())


def _is_fed(seen: Seen, value: Value) -> bool:
    fed = (call for call in seen.calls if call.arguments.get("input") is value)
    return any(other.kind == "parameter" and other is not value for call in fed for other in call.values)


def _is_weight(before: Seen, seen: Seen, name: str) -> bool:
    """Not an input whose gradient is wanted: that goes into a layer beside its weights, or is another in each step."""
    value, first = seen.parameter(name), before.parameter(name)
    if value is None or first is None or _is_fed(seen, value):
        return False
    return value.tensor is None or first.tensor is None or torch.equal(value.tensor, first.tensor)


def _makes_targets(seen: Seen, name: str) -> bool:
    """Whether it leads to the loss by the target of its comparison alone, as a teacher's weights do."""
    call = seen.loss_call()
    if call is None or call.arguments["target"].kind != "result":
        return False
    parameter, given = seen.parameter(name), call.arguments.get("input")
    otherwise = seen.made_of(given) if isinstance(given, Value) else set()
    return parameter in seen.made_of(call.arguments["target"]) and parameter not in otherwise


def _arrives(seen: Seen, name: str) -> bool:
    value = seen.parameter(name)
    gradient = seen.gradient(value) if value is not None else None
    return gradient is not None and bool(gradient.any())
