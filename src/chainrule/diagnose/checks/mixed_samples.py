"""A sample's answer is computed from its own numbers.

Law: in L = Σ ℓ(ŷ[n])/N each sample's answer is a function of its own inputs, ∂ŷ[n]/∂x[m] = 0 for m ≠ n. A view that
takes the axes in the wrong order (x.view(N, −1) of (layers, N, units), of (C, N, H, W)) fills a sample's row with
numbers of others; a recurrent layer or attention without batch_first reads the N samples as the N times of a sequence.
Nothing fails, the shapes fit, and each gradient goes to inputs that have nothing to do with the target. The same with
the classes: out.reshape(−1, K) of (N, K, H, W) takes for the K logits of a pixel K pixels of one class.

The threshold is none: through the calls of a step it is followed from which samples each number comes, by the exact
pattern of each call (diagnose/lineage.py). At least half of the answers must have been mixed by such a call, and the
network must not have learnt its targets all the same. So it is where a mean, a sum or the like goes along the samples
and all answers of a batch are one, bit for bit, in every step looked at, of inputs that differ. Where a call is not
known, or samples meet on purpose (a mean over the batch, similarities of all pairs, mixed samples, one sequence as a
batch), nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch

from chainrule.breakdown.links import Gathered, links
from chainrule.diagnose.answers import late_answers
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.comparison import Comparison, comparisons
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.layers import moves_only
from chainrule.diagnose.lineage import MIXED, follow
from chainrule.step import Call, Value

Tensor = torch.Tensor

LEARNT = 0.9  # of the targets' spread
FEWEST = 8  # samples that all get one answer
REDUCES = {"mean", "sum", "amax", "amin", "max_along_axis", "min_along_axis", "var", "std", "logsumexp"}
UNITS = {"linear": -1, "addmm": -1, "conv1d": 1, "conv2d": 1, "conv3d": 1}  # in which axis a layer's units stand
CAUSES = {
    "view": (
        "puts numbers of several samples into one row",
        "bring the axis of the samples to the front (transpose, permute) before the view",
        "-    x = x.view(n, -1)\n+    x = x.transpose(0, 1).reshape(n, -1)",
    ),
    "time": (
        "reads the samples of a batch as the times of a sequence",
        "batch_first=True where the samples stand in the first axis, or x.transpose(0, 1)",
        "-    nn.LSTM(n, m)\n+    nn.LSTM(n, m, batch_first=True)",
    ),
    "attention": (
        "lets the samples of a batch attend to each other",
        "batch_first=True where the samples stand in the first axis, or x.transpose(0, 1)",
        "-    nn.MultiheadAttention(n, heads)\n+    nn.MultiheadAttention(n, heads, batch_first=True)",
    ),
    "average": (
        "takes the samples of a batch together: each of them gets the same answer",
        "reduce along another axis than that of the samples",
        "-    h.mean(0)\n+    h.mean(1)",
    ),
    "classes": (
        "takes for the logits of one answer what the last layer says in several places",
        "bring the axis of the classes to its place (permute, movedim) instead of a view",
        "-    out.reshape(-1, k)\n+    out.movedim(1, -1).reshape(-1, k)",
    ),
}


class Mixing(NamedTuple):
    """By which call, how (of CAUSES), and which share of the answers."""

    call: Call
    cause: str
    share: float


def check(case: Case) -> Iterator[Finding]:
    if not case.steps or late_answers(case).explained > LEARNT:
        return
    seen = case.steps[0]
    compared = comparisons(seen)
    if len(compared) != 1:
        return
    mixing = _torn(seen, compared[0]) or _mixed(seen, compared[0]) or _averaged(case)
    if mixing is None:
        return
    title, fix, diff = CAUSES[mixing.cause]
    yield Finding(
        slug="mixed-samples",
        title=f"{mixing.call.name} {title}",
        where=Where.of(mixing.call),
        steps=(seen.index, case.last),
        evidence={
            "share of the answers that are mixed": mixing.share,
            "shape it takes": list(next(v.shape for v in mixing.call.values if v.kind != "parameter")),
            "shape it gives": list(mixing.call.output.shape),
            "samples": seen.batch.count,
        },
        because="an answer depends on numbers that do not belong to its target, so that what its gradient changes "
        "there is noise, and what does belong to it is out of reach",
        fix=fix,
        diff=diff,
    )


def _averaged(case: Case) -> Mixing | None:
    """Where all samples of a batch are reduced to one, and in every step looked at all answers are one, bit for bit."""
    found = [_reduction(seen) for seen in case.steps]
    return Mixing(found[0], "average", 1.0) if found[0] is not None and all(found) else None


def _reduction(seen: Seen) -> Call | None:
    compared, count = comparisons(seen), seen.batch.count or 0
    answer = compared[0].prediction.tensor if len(compared) == 1 else None
    data = seen.batch.data.tensor if seen.batch.data is not None else None
    if answer is None or data is None or len(answer) != count or len(data) != count or count < FEWEST:
        return None
    if bool((answer != answer[:1]).any()) or not bool((data != data[:1]).any()):
        return None
    made = {seen.producer(value) for value in seen.made_of(compared[0].prediction)}
    for call in sorted((call for call in made if call is not None), key=lambda call: call.index):
        given = call.inputs[0].shape if len(call.inputs) == 1 else ()
        if call.rule in REDUCES and given[:1] == (count,) and call.output.shape[:1] != (count,):
            return call
    return None


def _torn(seen: Seen, compared: Comparison) -> Mixing | None:
    """Where the classes of an answer are not the units of the last layer, one each, at one place."""
    if not compared.is_classes or len(compared.prediction.shape) < 2 or compared.answers() is None:
        return None
    made, place = _source(seen, compared.prediction)
    classes = compared.prediction.shape[compared.class_axis]
    axis = UNITS.get(str(made.rule)) if made is not None else None
    if made is None or place is None or axis is None or classes < 2 or made.output.shape[axis] != classes:
        return None
    at = list(torch.unravel_index(place.movedim(compared.class_axis, -1).reshape(-1, classes), made.output.shape))
    units = at.pop(axis)
    elsewhere = torch.stack([(part != part[:, :1]).any(1) for part in at]).any(0)
    torn = float(((units.sort(1).values != torch.arange(classes)).any(1) | elsewhere).double().mean())
    call = seen.producer(compared.prediction)
    return Mixing(call, "classes", torn) if torn >= 0.5 and call is not None else None


def _source(seen: Seen, value: Value) -> tuple[Call | None, Tensor | None]:
    """The call that computed the value's numbers, and where in its result each of them stands."""
    place: Tensor | None = None
    call = seen.producer(value)
    while call is not None and moves_only(call) and len(call.inputs) == 1:
        pattern = next(link.pattern for link in links(call) if isinstance(link.pattern, Gathered))
        here = pattern.source.flatten()
        if bool((here < 0).any()):
            return None, None
        place = here.reshape(value.shape) if place is None else here[place]
        call = seen.producer(call.inputs[0])
    return call, place


def _mixed(seen: Seen, compared: Comparison) -> Mixing | None:
    """Where answers, one for each sample, depend on several samples."""
    data, prediction, target = seen.batch.data, compared.prediction, compared.target
    if data is None or len(data.shape) < 2 or compared.answers() is None:
        return None
    count = data.shape[0]
    alone = count not in data.shape[1:] and count not in prediction.shape[1:]  # else no axis is known by its size
    if count < 2 or not alone or prediction.shape[:1] != (count,) or target.shape[:1] != (count,):
        return None
    if len(target.shape) > 1 and target.shape[1] == data.shape[1]:  # an answer for each place: the axis may be time
        return None
    followed = follow(seen, data, prediction)
    found = followed.of.get(prediction.index) if followed is not None else None
    if followed is None or followed.first is None or found is None:
        return None
    share = float((found.reshape(count, -1) == MIXED).any(1).double().mean())
    call, cause = followed.first
    return Mixing(call, cause, share) if share >= 0.5 else None
