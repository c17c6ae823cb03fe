"""The batches go through the data.

Law: the gradient of a batch stands for that of all data because the next batch has other samples. Where every step sees
the same few (next(iter(loader)) begins the loader anew each time, without shuffling at the same samples), the network
learns those by heart, and nothing of the others.

The finding: the inputs of all steps looked at are equal, bit for bit, and as many as a DataLoader has in a batch that
was begun for every step, or once and in front of them, and that has at least twice as many samples. Or each step took
them out of a tensor itself, by a slice (X[:16]) or by numbers drawn anew (after a manual_seed within the loop), when
batches could have gone through all of its rows. Training with all samples at every step is none; nor are fixed parts
of the data: rows by numbers drawn before, a slice beside which other rows are taken as well or other data go into the
network (the two ends of an interval), or one of a quarter and more, which may be what is split off for training.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.step import Line, Part

FEWEST = 4  # steps
SPLIT = 4  # a smaller share of the data than this is none that one trains with


def check(case: Case) -> Iterator[Finding]:
    inputs = [None if seen.batch.data is None else seen.batch.data.tensor for seen in case.steps]
    known = [t for t in inputs if t is not None]
    if len(known) < max(FEWEST, len(inputs)) or not known[0].dim() or not all(torch.equal(t, known[0]) for t in known):
        return
    if bool((known[0] == known[0][:1]).all()):  # samples that are all the same cannot tell
        return
    loader = _of(case, len(known[0]))
    if loader is None:
        yield from _by_hand(case, len(known[0]))
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


def _by_hand(case: Case, rows: int) -> Iterator[Finding]:
    """Each step took the same rows of a larger tensor."""
    parts = [_part(seen) for seen in case.steps]
    part, last = parts[0], parts[-1]
    if part is None or last is None or any(one is None or one.rows != part.rows or one.at != last.at for one in parts):
        return
    other = any(one is None or one.others for one in parts[1:]) or not all(map(_enters_alone, case.steps))
    if other or part.rows < SPLIT * rows or len(case.losses) * rows < part.rows:
        return
    yield Finding(
        slug="repeated-batch",
        title=f"every step takes the same {rows} of {part.rows:,} samples",
        where=Where.at(last.at, "batch"),
        steps=(case.steps[0].index, case.last),
        evidence={
            "samples in a batch": rows,
            "rows of the tensor they are taken from": part.rows,
            "training steps": len(case.losses),
        },
        because="all gradients are those of the same samples: what the others have to say is never heard",
        fix="take the next rows in each step (X[i : i + size] for i in range(0, len(X), size)); seed before the loop",
        diff="-    inputs = X[:size]\n+    inputs = X[i : i + size]",
    )


def _enters_alone(seen: Seen) -> bool:
    """Whether the weights that meet the batch meet no other data in the step; their own results they may meet again."""
    first = next((call for call in seen.calls if seen.batch.data in call.values), None)
    weights = [] if first is None else [value for value in first.values if value.kind == "parameter"]
    fed = [call for call in seen.calls if any(value.kind == "data" and not value.owned for value in call.values)]
    return all(sum(weight in call.values for call in fed) == 1 for weight in weights)


def _part(seen: Seen) -> Part | None:
    return None if seen.batch.data is None else seen.step.parts.get(seen.batch.data.index)


def _of(case: Case, rows: int) -> dict[str, Any] | None:
    """The DataLoader that these rows can be a batch of."""
    for loader in case.history.about.get("loaders", []):
        enough = loader["samples"] >= 2 * rows and loader["batch"] == rows
        once = loader["iterators"] == 1 and loader["step"] == case.start  # a test set's is begun later
        if enough and (once or loader["iterators"] >= len(case.losses)):
            return dict(loader)
    return None
