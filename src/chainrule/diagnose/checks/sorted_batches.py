"""A batch is a fair sample of the data.

Law: the gradient of a batch stands for that of all data only if its samples are drawn from all of them. Where each
batch has one class (data sorted by class, shuffle=False), every step pulls all answers to that class, and the next
class pulls them away again: what is learnt is which batch it is.

The finding: two targets of a batch, of at least SIZE samples, are of one class in 85 % of all cases (in all where there
are fewer than 64 samples), or of two in a quarter of the cases in which two of all batches are, where batches lie
across the border of two of many classes; two of all batches together are of one in 60 % at most, or every batch is of
one class and all the same MANY samples of each class were seen; at random both are as likely. For targets that are
numbers: less than a twentieth of their spread lies within the batches, where a random batch has all but 1/SIZE of it,
and the network explains less than half of the spread. One comparison for each step: a GAN's batches of real and false
are meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

import torch

from chainrule.diagnose.answers import late_answers
from chainrule.diagnose.case import Case
from chainrule.diagnose.comparison import Comparison, comparisons
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention

Tensor = torch.Tensor

SIZE = 4
STEPS = 4
WITHIN = 0.05
PURE, MIXED = 0.85, 0.6
OTHERS = 0.25  # of a random batch's pairs of two classes
ENOUGH = 64  # samples
MANY = 24  # that come together in batches of their own: by chance next to never, however rare they are


def check(case: Case) -> Iterator[Finding]:
    found = [comparisons(seen) for seen in case.steps]
    if len(found) < STEPS or any(len(compared) != 1 for compared in found):
        return
    moved = {tuple(sorted(seen.changes)) for seen in case.steps}
    targets = [_targets(compared[0]) for compared in found]
    batches = [t for t in targets if t is not None and len(t) >= SIZE]  # the last of an epoch may be short
    if any(t is None for t in targets) or len(batches) < STEPS or len(moved) > 1:
        return
    classes = found[0][0].is_classes or bool((torch.cat(batches) == torch.cat(batches).round()).all())
    if classes:
        purities = list(map(_purity, batches))
        few = sum(map(len, batches)) < ENOUGH  # then nearly pure ones may be chance
        pure, overall = fmean(purities), _purity(torch.cat(batches))
        if pure < (1 if few else PURE) and (few or 1 - pure > OTHERS * (1 - overall)):
            return
        if overall > MIXED and not (min(purities) == 1 and _rarest(torch.cat(batches)) >= MANY):
            return
    elif not _narrow(batches) or not late_answers(case).explained < 0.5:
        return
    call = found[0][0].call
    yield Finding(
        slug="sorted-batches",
        title="every batch holds a single class, or nearly"
        if classes
        else "every batch holds a narrow range of the targets",
        where=Where.of(call),
        steps=(case.steps[0].index, case.last),
        evidence={
            "mean target of the batches looked at": [round(float(batch.mean()), 3) for batch in batches],
            "samples in a batch": len(batches[0]),
        },
        because="the samples of a batch all pull the answers the same way, and the next batch pulls them back: the "
        "gradient that all data have in common is in no batch",
        fix="DataLoader(…, shuffle=True), or a new random order for each epoch",
        diff="-    DataLoader(data, batch_size=…)\n+    DataLoader(data, batch_size=…, shuffle=True)",
        attempts=(Intervention("shuffle"),),
    )


def _targets(comparison: Comparison) -> Tensor | None:
    """(samples,) of one number for each sample."""
    target = comparison.target.tensor
    return target.double().flatten() if target is not None and target.dim() and target.numel() == len(target) else None


def _rarest(classes: Tensor) -> int:
    """How many of the rarest class; 0 where there is one class only."""
    counts = classes.unique(return_counts=True)[1]
    return int(counts.min()) if len(counts) > 1 else 0


def _purity(classes: Tensor) -> float:
    """How likely two of them are the same."""
    shares = classes.unique(return_counts=True)[1].double() / len(classes)
    return float(shares.square().sum())


def _narrow(batches: list[Tensor]) -> bool:
    every = torch.cat(batches)
    within = sum(float((batch - batch.mean()).square().sum()) for batch in batches)
    whole = float((every - every.mean()).square().sum())
    return len({float(batch.mean()) for batch in batches}) >= STEPS and whole > 0 and within < WITHIN * whole
