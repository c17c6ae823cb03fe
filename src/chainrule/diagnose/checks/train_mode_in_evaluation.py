"""An evaluation is in evaluation mode.

Law: dropout in training mode multiplies by dice, and batch norm divides by the spread of the batch at hand: the same
sample gets another answer every time, and one that depends on its neighbours. A figure taken so says little about the
network, though the training is as it should be; and each such pass moves the running statistics of a batch norm.

The threshold is none: a pass without gradients in which a dropout or a batch norm trains that the training step itself
uses. What is no evaluation stays unsaid: a pass before the first step (which gives lazy layers their shape), one in
every step, unless what is learnt is the classes of data alone (a teacher of the same network gives targets so), one
whose result, or what is computed of it, a training step takes, and whatever has a loss of several parts.
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.checks.eval_mode import training_modules
from chainrule.diagnose.comparison import comparisons, is_whole_loss
from chainrule.diagnose.finding import Finding, Where
from chainrule.step import Aside


def check(case: Case) -> Iterator[Finding]:
    found = [(seen, _trains(seen)) for seen in case.steps[1:]]
    with_one = [(seen, aside) for seen, aside in found if aside is not None]
    if not with_one or not all(is_whole_loss(seen) for seen in case.steps):
        return
    if len(with_one) == len(found) and not comparisons(case.steps[-1])[0].is_classes:
        return
    seen, aside = with_one[0]
    yield Finding(
        slug="train-mode-in-evaluation",
        title=f"{aside.name} is in training mode while no gradient is wanted",
        where=Where(aside.module, "", aside.name, aside.at.file, aside.at.line),
        steps=(seen.index, with_one[-1][0].index),
        evidence={"module": aside.module, "steps with such a pass": len(with_one), "steps looked at": len(found)},
        because="step 1 of an evaluation computes with dice, or with the spread of whatever is in the batch: the "
        "figure is noisy and lower than the network is worth",
        fix="model.eval() before the evaluation, and model.train() after it",
        diff="+    model.eval()\n     with torch.no_grad():\n         …\n+    model.train()",
    )


def _trains(seen: Seen) -> Aside | None:
    modules = training_modules(seen)
    own = (aside for aside in seen.step.asides if aside.trains and aside.result is None)
    return next((aside for aside in own if aside.module in modules), None)
