"""A sample's answer is computed from its own numbers.

Law: in L = Σ ℓ(ŷ[n])/N each sample's answer is a function of its own inputs, ∂ŷ[n]/∂x[m] = 0 for m ≠ n. A view that
takes the axes in the wrong order (x.view(N, −1) of (layers, N, units), of (C, N, H, W)) fills a sample's row with
numbers of others; a recurrent layer or attention without batch_first reads the N samples as the N times of a sequence.
Nothing fails, the shapes fit, and each gradient goes to inputs that have nothing to do with the target. The same with
the classes: out.reshape(−1, K) of (N, K, H, W) takes for the K logits of a pixel K pixels of one class.

The threshold is none: through the calls of a step it is followed from which samples each number comes, by the exact
pattern of each call (breakdown/links.py). At least half of the answers must have been mixed by such a call, and the
network must not have learnt its targets all the same. So it is where a mean, a sum or the like goes along the samples
and all answers of a batch are one, bit for bit, in every step looked at, of inputs that differ. Where a call is not
known, or samples meet on purpose (a mean over the batch, similarities of all pairs, mixed samples, one sequence as a
batch), nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch

from chainrule.breakdown.links import Aligned, Gathered, Link, Product, Rows, Windows, links
from chainrule.diagnose.answers import late_answers
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.comparison import Comparison, comparisons
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.layers import moves_only
from chainrule.step import Call, Value

Tensor = torch.Tensor

LEARNT = 0.9  # of the targets' spread
FEWEST = 8  # samples that all get one answer
REDUCES = {"mean", "sum", "amax", "amin", "max_along_axis", "min_along_axis", "var", "std", "logsumexp"}
LARGEST = 1 << 20  # numbers of a value, as of a link
NONE, MIXED = -1, -2  # of no sample, of several
RECURRENT = {"lstm", "gru", "rnn_tanh", "rnn_relu"}
OF_ROWS = {"layer_norm", "rms_norm"}
OF_SAMPLES = {"group_norm", "instance_norm"}
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
    followed = _follow(seen, data, prediction)
    found = followed.of.get(prediction.index) if followed is not None else None
    if followed is None or followed.first is None or found is None:
        return None
    share = float((found.reshape(count, -1) == MIXED).any(1).double().mean())
    call, cause = followed.first
    return Mixing(call, cause, share) if share >= 0.5 else None


class Followed:
    """From which sample each number comes, by the number of its Value; and the call that first mixed some, and how."""

    def __init__(self, data: Value) -> None:
        rows = torch.arange(data.shape[0]).reshape(-1, *(1 for _ in data.shape[1:]))
        self.data = data
        self.of: dict[int, Tensor] = {data.index: rows.expand(data.shape)}
        self.first: tuple[Call, str] | None = None

    def mixes(self, call: Call, cause: str) -> None:
        self.first = self.first or (call, cause)


class Unknown(Exception):
    """It cannot be said, or it is meant."""


def _follow(seen: Seen, data: Value, prediction: Value) -> Followed | None:
    """As far as the prediction; None where it cannot be said."""
    followed = Followed(data)
    last = seen.producer(prediction)
    for call in seen.calls[: seen.calls.index(last) + 1] if last is not None else ():
        if not any(value.index in followed.of for value in call.values) or "target" in call.arguments:
            continue
        if max(value.numel for value in (*call.values, *call.outputs)) > LARGEST:
            return None
        try:
            results = _results(seen, call, followed)
        except Unknown:
            return None
        for value, owners in zip(call.outputs, results, strict=False):
            followed.of[value.index] = owners
    return followed


def _results(seen: Seen, call: Call, followed: Followed) -> list[Tensor]:
    """The owners of each output's numbers."""
    rule, shape = str(call.rule).removeprefix("functional_"), call.output.shape
    given = call.arguments.get("input")
    owners = followed.of.get(given.index) if isinstance(given, Value) else None
    if rule == "scaled_dot_product_attention":
        return [_attended(call, followed)]
    if owners is None and len({v.index for v in call.values} & set(followed.of)) == 0:
        raise Unknown
    if owners is not None:
        if rule in RECURRENT:
            return _through_time(call, owners, followed)
        if rule == "embedding":
            return [owners[..., None].expand(shape)]
        if rule in OF_ROWS:
            return [_over(owners, range(-len(call.arguments["normalized_shape"]), 0)).expand(shape)]
        if rule in ("softmax", "log_softmax"):
            return [_softmax(call, owners)]
        if rule.startswith("batch_norm"):
            return [owners]
        if rule in OF_SAMPLES or "pool" in rule:
            return [_over(owners, range(1 + ("pool" in rule), len(owners.shape))).expand(shape)]
    parts = [part for link in links(call) if (part := _part(seen, link, followed)) is not None]
    if not parts:
        raise Unknown
    whole = parts[0]
    for part in parts[1:]:
        whole = _both(whole, part)
    if bool((whole == MIXED).any()) and not any(bool((part == MIXED).any()) for part in parts):
        if not _is_of_batches(call):
            raise Unknown  # samples meet number by number: pairs, mixtures
        followed.mixes(call, "attention")
    return [whole]


def _part(seen: Seen, link: Link, followed: Followed) -> Tensor | None:
    """What one use of a value contributes to the owners of the output."""
    shape, pattern = link.output.shape, link.pattern
    known = followed.of.get(link.value.index)
    other = pattern.other if isinstance(pattern, Product | Windows) else None
    if known is None:  # a weight; data itself has no link
        if other is not followed.data or other is None:
            return None
        known = followed.of[other.index]
        if isinstance(pattern, Product):
            mine, theirs, result = pattern.letters
            pattern = Product(link.value, (theirs, mine, result), 1.0)
    match pattern:
        case Gathered(source):
            flat = torch.cat([known.flatten(), torch.tensor([NONE])])
            return flat[source]
        case Aligned(_, given, kept):
            aligned = known.reshape(given)
            kept = kept or (1,) * len(given)  # a sum of all
            dims = [d for d in range(-1, -1 - min(len(given), len(kept)), -1) if kept[d] == 1 < given[d]]
            found = _over(aligned, dims)
            if bool((found == MIXED).any()) and not bool((known == MIXED).any()):
                found = torch.where(found == MIXED, NONE, found)  # a statistic of the batch
            return torch.broadcast_to(found, kept).reshape(shape)
        case Rows():
            return _over(known, [-1]).expand(shape)
        case Windows():
            return _over(known, range(1, len(known.shape))).expand(*known.shape[:1], *shape[1:])
        case Product(by, (letters, _, result)):
            dims = [d for d, letter in enumerate(letters) if letter not in result]
            found = _over(known, dims)
            if bool((found == MIXED).any()) and not bool((known == MIXED).any()):
                if by.kind != "parameter" and by is not followed.data and link.value.kind != "parameter":
                    found = torch.where(found == MIXED, NONE, found)  # a sum over the samples
                else:
                    followed.mixes(_regrouped(seen, link.call, followed) or link.call, "view")
            left = [letter for letter in letters if letter in result]
            found = found.squeeze(tuple(dims)) if dims else found
            order = sorted(range(len(left)), key=lambda at: result.index(left[at]))
            sizes = [found.shape[left.index(letter)] if letter in left else 1 for letter in result]
            return found.permute(order).reshape(sizes).expand(shape)
    raise Unknown


def _regrouped(seen: Seen, call: Call, followed: Followed) -> Call | None:
    """The view, before this call, that put numbers of several samples side by side."""
    before = next((v for v in call.values if v.index in followed.of), None)
    made = seen.producer(before)
    while made is not None and not moves_only(made):
        made = seen.producer(next((v for v in made.values if v.index in followed.of), None))
    return made


def _through_time(call: Call, owners: Tensor, followed: Followed) -> list[Tensor]:
    """Outputs (times, samples, units), or as batch_first has them, and last states (layers, samples, units)."""
    if len(owners.shape) != 3:
        raise Unknown
    first = bool(call.arguments.get("batch_first"))
    by_time = _over(owners.transpose(0, 1) if first else owners, [2])
    whole = _over(by_time, [0])
    if bool((whole == MIXED).any()) and not bool((by_time == MIXED).any()):
        if by_time.shape[1] < 2:
            raise Unknown  # one sequence, in the form of a batch
        followed.mixes(call, "time")
    differs = whole == MIXED
    out = torch.where(differs, MIXED, by_time)
    out[0] = torch.where(differs[0] & (not call.arguments.get("bidirectional")), by_time[0], out[0])
    out = out.transpose(0, 1) if first else out
    return [out.expand(call.output.shape), *(whole.expand(value.shape) for value in call.outputs[1:])]


def _attended(call: Call, followed: Followed) -> Tensor:
    """Of (…, places, units): a place takes from its own and from all."""
    parts = [followed.of.get(call.arguments[name].index) for name in ("query", "key", "value")]
    query, key, value = (_over(part, [-1]) for part in parts if part is not None) if None not in parts else (None,) * 3
    if query is None or key is None or value is None or key.shape != value.shape:
        raise Unknown
    taken = _over(_both(key, value), [-2])
    whole = _both(query, taken.expand(query.shape))
    if bool((whole == MIXED).any()) and not any(bool((part == MIXED).any()) for part in (query, key, value)):
        if query.shape[:-2].numel() < 2:
            raise Unknown
        followed.mixes(call, "attention")
    return whole.expand(call.output.shape)


def _softmax(call: Call, owners: Tensor) -> Tensor:
    dim = call.arguments.get("dim")
    if dim is None:
        raise Unknown
    found = _over(owners, [int(dim)])
    if bool((found == MIXED).any()) and not bool((owners == MIXED).any()):
        raise Unknown  # told as softmax-over-samples where it is none
    return found.expand(owners.shape)


def _is_of_batches(call: Call) -> bool:
    """Whether it is a product of many matrices at once, as attention's: that of two has all pairs of samples."""
    return any(isinstance(link.pattern, Product) for link in links(call)) and len(call.output.shape) > 2


def _both(first: Tensor, second: Tensor) -> Tensor:
    same = (second == NONE) | (first == second)
    return torch.where(first == NONE, second, torch.where(same, first, MIXED))


def _over(owners: Tensor, dims: range | list[int]) -> Tensor:
    """The one owner of all numbers along these axes, which are kept; MIXED where there are several."""
    axes = tuple(dims)
    if not axes:
        return owners
    low = owners.masked_fill(owners == NONE, torch.iinfo(owners.dtype).max).amin(axes, keepdim=True)
    high = owners.amax(axes, keepdim=True)
    return torch.where(high == NONE, torch.where(low == MIXED, MIXED, NONE), torch.where(low == high, high, MIXED))
