"""Dropout leaves more signal than noise.

Law: dropout gives x·m/(1 − p), with m = 0 at the rate p: the mean is kept, and noise of the variance x²·p/(1 − p) is
added, to the activations and, by the same factor, to their gradients (Srivastava et al. 2014). At p = 0.5 the noise is
as large as the signal, at 0.8 four times, at 0.99 ninety-nine times, and at p = 1 nothing passes at all. Layers in a
row multiply: ∏ 1/(1 − p) − 1.

The finding: a p of at least STRONG, noise four times the signal and more, and a network that explains less than half of
what simple answers do (answers.py). A wide layer averages even strong noise; then it learns. Where it is not known what
simple answers do, noise HOPELESS times the signal, as at p = 0.95, and as good as nothing explained.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from chainrule.diagnose.answers import all_answers, falls_short, late_answers
from chainrule.diagnose.case import Case
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.motion import NOTHING
from chainrule.step import Call

STRONG = 0.8
HOPELESS = 20
USUAL = 0.2


def check(case: Case) -> Iterator[Finding]:
    if not case.steps:
        return
    seen = case.steps[-1]
    drops = [call for call in seen.calls if call.rule == "dropout" and call.arguments.get("training", True)]
    kept = math.prod(1 - float(call.arguments["p"]) for call in drops)
    if not (falls_short(case) or (kept * HOPELESS < 1 and not late_answers(case).explained > NOTHING)):
        return
    strong = max(drops, key=lambda call: float(call.arguments["p"]), default=None)
    if strong is None or float(strong.arguments["p"]) < STRONG:
        return
    p = float(strong.arguments["p"])
    yield Finding(
        slug="dropout-too-strong",
        title=f"dropout with p = {p:g} leaves {1 - p:.0%} of the numbers",
        where=Where.of_layer(strong),
        steps=(case.steps[0].index, seen.index),
        evidence={
            "p": p,
            "noise by signal, p/(1 − p)": p / (1 - p) if p < 1 else float("inf"),
            "share of the targets' spread that the network explains": late_answers(case).explained,
            "that simple answers explain": all_answers(case).attainable,
        },
        because="the factor m/(1 − p) is 0 for nearly every number and very large for the rest: the gradient points "
        "where the dice fell",
        fix="p from 0.1 to 0.5; p is the share that is dropped, not the share that is kept",
        diff=f"-    nn.Dropout({p:g})\n+    nn.Dropout({USUAL:g})",
        attempts=(_weaker(strong, drops),),
    )


def _weaker(strong: Call, drops: list[Call]) -> Intervention:
    """All that are too strong at once: noise multiplies, so that one of them alone would still drown the signal."""
    lines = sorted({(call.file, call.line) for call in drops if float(call.arguments["p"]) >= STRONG})
    return Intervention.at(strong, "arguments", module=None, lines=lines, arguments={"p": USUAL})
