"""A network that is trained is in training mode.

Law: in evaluation mode batch norm divides by the running spread instead of the batch's. Statistics that no training
step ever moved are 0 and 1: nothing is normalised at all. And a network that was in training mode and is so no longer
(eval() for an evaluation, and no train() after it) has lost its dropout and goes on with frozen statistics, from which
the weights drift away.

The threshold is none: a batch norm in evaluation mode with running means of exactly 0 and variances of exactly 1, in
every step looked at; or modules that drop or normalise by the batch in the first step, and none in all of the last.
A batch norm that was trained before and is frozen on purpose has other statistics, from the first step on.
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.step import Call


def check(case: Case) -> Iterator[Finding]:
    if len(case.steps) < 2:
        return
    untouched = [call for call in _norms(case.steps[0]) if _untouched(call)]
    if untouched and all(_norms(seen) and all(map(_untouched, _norms(seen))) for seen in case.steps):
        yield _finding(case, untouched[0], case.steps[0].index, "batch norm has never seen a batch: eval() is on")
        return
    first = training_modules(case.steps[0])
    late = case.steps[(2 * len(case.steps)) // 3 :]
    if (
        not first
        or any(training_modules(seen) for seen in late)
        or not all(_same_layers(case.steps[0], s) for s in late)
    ):
        return
    call = next((c for c in _norms(late[-1])), next(iter(first.values())))
    index = next(seen.index for seen in case.steps if not training_modules(seen))
    yield _finding(case, call, index, "the network was in training mode and is so no longer: eval() without train()")


def _finding(case: Case, call: Call, index: int, title: str) -> Finding:
    mean = call.arguments.get("running_mean")
    return Finding(
        slug="eval-mode",
        title=title,
        where=Where.of(call),
        steps=(index, case.last),
        evidence={
            "training": False,
            "modules": ", ".join(training_modules(case.steps[0])) or call.module,
            **({"largest running mean": float(mean.tensor.abs().max())} if mean and mean.tensor is not None else {}),
        },
        because="step 1 of training computes with other numbers than it should: no dropout, and a batch norm by "
        "statistics that the weights move away from",
        fix="model.train() before the training steps, at the start of every epoch where an evaluation comes between",
        diff="+    model.train()",
        attempts=(Intervention.at(call, "arguments", arguments={"training": True}),),
    )


def _norms(seen: Seen) -> list[Call]:
    """Batch norms in evaluation mode."""
    return [call for call in seen.calls if call.rule == "batch_norm_eval"]


def _untouched(call: Call) -> bool:
    mean, variance = (call.arguments[name].tensor for name in ("running_mean", "running_var"))
    return mean is not None and variance is not None and not bool(mean.any()) and bool((variance == 1).all())


def training_modules(seen: Seen) -> dict[str, Call]:
    """By module, what does another thing in training than in evaluation, and is training."""
    return {
        call.module: call
        for call in seen.calls
        if (call.rule == "dropout" and call.arguments.get("training", True)) or call.rule == "batch_norm"
    }


def _same_layers(first: Seen, other: Seen) -> bool:
    """Whether the same parameters take part: else it is another phase of the training."""
    names = [{v.name for call in seen.calls for v in call.values if v.kind == "parameter"} for seen in (first, other)]
    return names[0] == names[1]
