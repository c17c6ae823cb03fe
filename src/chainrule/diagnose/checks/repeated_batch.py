"""The batches go through the data.

Law: the gradient of a batch stands for that of all data because the next batch has other samples. Where every step sees
the same few (next(iter(loader)) begins the loader anew each time, without shuffling at the same samples), the network
learns those by heart, and nothing of the others.

The finding: the inputs of all steps looked at are equal, bit for bit, and as many as a DataLoader has in a batch that
was begun for every step, or once and in front of them, and that has at least twice as many samples. Training with all
samples at every step is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from chainrule.diagnose.case import Case
from chainrule.diagnose.finding import Finding, Where
from chainrule.step import Line

FEWEST = 4  # steps


def check(case: Case) -> Iterator[Finding]:
    inputs = [None if seen.batch.data is None else seen.batch.data.tensor for seen in case.steps]
    known = [t for t in inputs if t is not None]
    if len(known) < max(FEWEST, len(inputs)) or not known[0].dim() or not all(torch.equal(t, known[0]) for t in known):
        return
    loader = _of(case, len(known[0]))
    if loader is None:
        return
    yield Finding(
        slug="repeated-batch",
        title=f"every step sees the same {len(known[0])} of {loader['samples']:,} samples",
        where=Where.at(Line(loader["file"], loader["line"]), "DataLoader"),
        steps=(case.steps[0].index, case.last),
        evidence={
            "samples in a batch": len(known[0]),
            "samples of the loader": loader["samples"],
            "times it was begun": loader["iterators"],
            "training steps": len(case.losses),
        },
        because="all gradients are those of the same samples: what the others have to say is never heard",
        fix="for inputs, targets in loader: in place of next(iter(loader)), which begins anew",
        diff="-    inputs, targets = next(iter(loader))\n+    for inputs, targets in loader:",
    )


def _of(case: Case, rows: int) -> dict[str, Any] | None:
    """The DataLoader that these rows can be a batch of."""
    for loader in case.history.about.get("loaders", []):
        enough = loader["samples"] >= 2 * rows and loader["batch"] == rows
        once = loader["iterators"] == 1 and loader["step"] == 0  # a test set's is begun later
        if enough and (once or loader["iterators"] >= len(case.losses)):
            return dict(loader)
    return None
