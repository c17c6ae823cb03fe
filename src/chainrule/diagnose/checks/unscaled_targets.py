"""The targets are of the size that the network's answers can reach.

Law: answers begin near 0, and every step moves the last bias by about the learning rate (Adam) or by η·2·(t − ŷ) (SGD):
targets in thousands are thousands of steps away, or, with a rate that would get there, the gradient, which is
proportional to t − ŷ, throws the weights out of their range.

The finding: the targets are more than TIMES as large as the network's first answers (root mean square), the network's
answers at the end of the run are worse than the best constant one, or the loss is no longer finite; and simple answers
explain a fifth of the targets' spread and more (answers.py), or the mean answer is further from the mean target than
the targets spread: then nothing but the way there was learnt, whatever there is to learn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from chainrule.diagnose.answers import SOMETHING, Answers, all_answers, late_answers, still_falling
from chainrule.diagnose.case import Case
from chainrule.diagnose.comparison import comparisons
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention

TIMES = (
    20.0  # a last layer as PyTorch draws it gives about a third of its inputs' size; its answers grow tenfold easily
)


def check(case: Case) -> Iterator[Finding]:
    answers, late = all_answers(case), late_answers(case)
    compared = comparisons(case.steps[0]) if case.steps else []
    if len(compared) != 1 or compared[0].form != "numbers":
        return
    gone = not math.isfinite(case.losses[-1])
    if not gone and (not late.explained < 0 or still_falling(case)):
        return
    first, target = compared[0].prediction.tensor, answers.targets
    if first is None or not len(target) or not (answers.attainable > SOMETHING or _is_away(late)):
        return
    given, wanted = float(first.double().square().mean().sqrt()), float(target.square().mean().sqrt())
    if not wanted > TIMES * max(given, 1.0):
        return
    call = compared[0].call
    yield Finding(
        slug="unscaled-targets",
        title=f"targets of about {wanted:,.3g}, and a network that begins with answers of {given:.2g}",
        where=Where.of(call),
        steps=(case.steps[0].index, case.last),
        evidence={
            "mean of the targets": float(target.mean()),
            "spread of the targets": float(target.std(correction=0)),
            "mean answer, last steps": float(late.given.mean()) if len(late.given) else math.nan,
            "loss of the best constant answer": float((target - target.mean(0)).square().mean()),
            "loss": case.losses[-1],
        },
        because="the whole run is spent on moving the mean answer towards the mean target, or the gradient, as large "
        "as the error, throws the weights about; what tells the samples apart is not learnt",
        fix="(target − mean) / spread for the training, and the answers times spread plus mean afterwards",
        diff="+    y = (y - y.mean()) / y.std()",
        attempts=(Intervention.at(call, "standardise", argument="target", whole=True),),
    )


def _is_away(late: Answers) -> bool:
    """Whether the mean answer is further from the mean target than these spread."""
    away = torch.linalg.vector_norm(late.given.mean(0) - late.targets.mean(0))
    return bool(away > torch.linalg.vector_norm(late.targets.std(0, correction=0)))
