"""Statistics of a batch are taken over more than one number.

Law: batch norm in training gives γ·(x − mean)/√(var + ε) + β with mean and variance over the batch. Of one number that
is x − x = 0, whatever x is: the output is β and the gradient 0. PyTorch refuses it: "Expected more than 1 value per
channel when training".

The script ended with that error, usually in the last batch of an epoch.
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.diagnose.case import Case
from chainrule.diagnose.finding import Finding, Where

SAYS = "Expected more than 1 value per channel"


def check(case: Case) -> Iterator[Finding]:
    failure = case.failure
    if failure is None or SAYS not in failure.message:
        return
    yield Finding(
        slug="batch-of-one",
        title="batch norm is given a single sample while training",
        where=Where.at(failure.at, "F.batch_norm"),
        steps=(len(case.losses), len(case.losses)),
        evidence={"error": failure.message, "steps before": len(case.losses)},
        because="the mean of one number is the number itself, so its normalised value is 0 for every input, and no "
        "gradient goes through",
        fix="drop the last, short batch (DataLoader(…, drop_last=True)), take larger batches, or layer or group norm; "
        "model.eval() where nothing is trained",
        diff="-    DataLoader(data, batch_size=n)\n+    DataLoader(data, batch_size=n, drop_last=True)",
    )
