"""From which samples of the batch each number of a forward pass comes.

Each call's exact pattern (breakdown/links.py) carries on what is known of its inputs: a number comes of one sample, of
none (a weight, a statistic of the batch), or of several. The first call that makes numbers of several samples out of
numbers of one each, where that is no choice of the model's, is told, and how it does: by a "view" that put numbers of
several samples into one row, by reading the samples as "time", or by "attention" among them.
"""

from __future__ import annotations

import torch

from chainrule.breakdown.links import Aligned, Gathered, Link, Product, Rows, Windows, links
from chainrule.diagnose.case import Seen
from chainrule.diagnose.layers import moves_only
from chainrule.step import Call, Value

Tensor = torch.Tensor

LARGEST = 1 << 20  # numbers of a value, as of a link
NONE, MIXED = -1, -2  # of no sample, of several
RECURRENT = {"lstm", "gru", "rnn_tanh", "rnn_relu"}
OF_ROWS = {"layer_norm", "rms_norm"}
OF_SAMPLES = {"group_norm", "instance_norm"}


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


def follow(seen: Seen, data: Value, prediction: Value) -> Followed | None:
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
