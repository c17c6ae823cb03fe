"""Statistics of a batch are taken over more than one number.

Law: batch norm in training gives γ·(x − mean)/√(var + ε) + β with mean and variance over the batch. Of one number that
is x − x = 0, whatever x is: the output is β and the gradient 0. PyTorch refuses it: "Expected more than 1 value per
channel when training".

The script ended with that error, usually in the last batch of an epoch. Or every batch is a single sample, whose
statistics over time or place are its own: what tells it from others is divided away (an instance norm, Ulyanov et al.
2016), while an evaluation takes the means over all. That is no error to PyTorch; it is told where nothing was learnt.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean

from chainrule.diagnose.answers import constant_loss
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.comparison import comparisons
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.motion import came_to_nothing
from chainrule.step import Call

SAYS = "Expected more than 1 value per channel"

ALL = {"call": "F.batch_norm", "arguments": {"training": False}}  # by running statistics, as in an evaluation


def check(case: Case) -> Iterator[Finding]:
    failure = case.failure
    if failure is None or SAYS not in failure.message:
        yield from _single(case)
        return
    yield Finding(
        slug="batch-of-one",
        title="batch norm is given a single sample while training",
        where=Where.at(failure.at, "F.batch_norm"),
        steps=(case.end, case.end),
        evidence={"error": failure.message, "steps before": len(case.losses)},
        because="the mean of one number is the number itself, so its normalised value is 0 for every input, and no "
        "gradient goes through",
        fix="drop the last, short batch (DataLoader(…, drop_last=True)), take larger batches, or layer or group norm; "
        "model.eval() where nothing is trained",
        diff="-    DataLoader(data, batch_size=n)\n+    DataLoader(data, batch_size=n, drop_last=True)",
        attempts=(Intervention("arguments", ALL | {"file": failure.at.file, "line": failure.at.line}),),
    )


def _single(case: Case) -> Iterator[Finding]:
    """Batches of one sample that has several numbers for each channel, from the first step to the last."""
    found = [_norms(seen) for seen in case.steps]
    if len(found) < 2 or not all(found) or not (_guesses(case) or came_to_nothing(case)):
        return
    call = found[0][0]
    yield Finding(
        slug="batch-of-one",
        title="batch norm sees a single sample at a time while training",
        where=Where.of_layer(call),
        steps=(case.steps[0].index, case.last),
        evidence={"shape of its input": list(call.arguments["input"].shape), "first loss": case.losses[0]},
        because="it divides each sample by its own statistics, which takes away what tells it from the others; and an "
        "evaluation divides by those of all",
        fix="larger batches, or layer or group norm, which know no batch",
        diff="-    DataLoader(data, batch_size=1)\n+    DataLoader(data, batch_size=32)",
        attempts=(Intervention("arguments", ALL | {"file": call.file, "line": call.line}),),
    )


def _guesses(case: Case) -> bool:
    """Whether the loss is at the end still more than half that of guessing one of the classes, or of the mean target;
    single samples' losses say little, so it is the mean of the last tenth."""
    compared = comparisons(case.steps[-1])
    if len(compared) != 1:
        return False
    guessed = constant_loss(case)
    if compared[0].is_classes and len(compared[0].prediction.shape) > 1:  # a class each tells little of how many
        guessed = math.log(max(compared[0].prediction.shape[compared[0].class_axis], 2))
    tenth = max(len(case.losses) // 10, 1)
    return fmean(case.losses[-tenth:]) > 0.5 * guessed


def _norms(seen: Seen) -> list[Call]:
    """The batch norms of a step, if all of them train on a single sample."""
    norms = [call for call in seen.calls if call.rule == "batch_norm"]
    alone = all(call.arguments.get("training") and call.arguments["input"].shape[0] == 1 for call in norms)
    return norms if alone else []
