"""The targets of a cross-entropy are probabilities.

Law: −Σ t·ln p is least at p = t only where Σ t = 1; for other t it is least at p = t/Σt, and never near 0. A one-hot
row holds a single 1. Rows of several (a matrix that was filled along the wrong index, labels of which any number may
hold) ask for all of their classes at once, and where all rows are the same, nothing of the inputs is asked for at all.

The finding: the rows' sums are further than 1 % from 1 in most rows of every step looked at, and nothing was learnt
(motion.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.motion import came_to_nothing
from chainrule.step import Call, Value

FAR = 0.01


def check(case: Case) -> Iterator[Finding]:
    found = [_summed(seen) for seen in case.steps]
    if not found or not all(found) or not came_to_nothing(case):
        return
    call, total, rows, different = found[0] or (case.steps[0].calls[-1], 0.0, 0, 0)
    yield Finding(
        slug="no-distribution",
        title=f"the targets of {call.name} are no probabilities: they sum to {total:.3g}",
        where=Where.of(call),
        steps=(case.steps[0].index, case.last),
        evidence={"mean sum of a row": total, "rows": rows, "different rows": different, "last loss": case.losses[-1]},
        because="−Σ t·ln p is least at p = t/Σt: all classes of a row are asked for at once",
        fix="class numbers as targets, or F.one_hot(labels); binary_cross_entropy_with_logits where several classes "
        "may hold",
        diff="-    targets = torch.zeros(n, classes); targets[:, labels] = 1\n+    targets = labels",
    )


def _summed(seen: Seen) -> tuple[Call, float, int, int] | None:
    """The cross-entropy, the mean sum of its targets' rows, how many there are, and how many different ones."""
    for call in seen.calls:
        target = call.arguments.get("target")
        if call.rule != "cross_entropy_of_probabilities" or not isinstance(target, Value) or target.tensor is None:
            continue
        t = target.tensor if target.tensor.dim() > 1 else target.tensor[None]
        sums = t.double().sum(1)
        if float(((sums - 1).abs() > FAR).double().mean()) > 0.5:
            rows = t.flatten(1)
            return call, float(sums.mean()), len(rows), len(rows.unique(dim=0))
    return None
