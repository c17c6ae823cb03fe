"""Functions that place numbers by index: into x, out of x, or in another arrangement.

Where a function only moves numbers, it is asked itself: given the positions 1, 2, 3, ... in place of x, it returns
where each of its outputs came from (0 where from nowhere). The adjoint adds every gradient up at its position.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from chainrule.formula import Formula, Index, Number, Symbol, Words, symbols, where
from chainrule.rules.functions import nothing
from chainrule.rules.rule import Adjoint, Bound, Gradients, Tensor, named, rule, sum_to, x
from chainrule.rules.shape import all_upstream, chosen, is_advanced

ONE = Number(1)
i, k = symbols("i k")
PICKED = Index(x, (Index(i, (k,)),))

# ---------------------------------------------------------------- moved, and asked where from


def sources(c: Bound, g: Tensor, moved: Callable[[Bound, Tensor], Tensor]) -> Tensor:
    """For each output the position in x it came from, from 1; 0 where it came from nowhere."""
    value = c.call.arguments["input"]
    positions = torch.arange(1, value.numel + 1, dtype=torch.float64, device=g.device).reshape(value.shape)
    return moved(c, positions).long()


def picked(
    name: str,
    signature: str,
    moved: Callable[[Bound, Tensor], Tensor],
    functions: str = "",
    formula: Formula = PICKED,
    keeps: str = "",
    declines: Callable[[Bound], str] | None = None,
) -> Adjoint:
    """A rule for a function each of whose outputs is one number of x, or 0; `moved` is that function."""

    def vjp(c: Bound, g: Tensor) -> Gradients:
        value = c.call.arguments["input"]
        flat = g.new_zeros(value.numel + 1)
        flat = flat.index_add(0, sources(c, g, moved).reshape(-1), g.reshape(-1))
        return {"input": flat[1:].reshape(value.shape)}

    return rule(
        name,
        signature,
        functions=functions,
        formula=formula,
        partials=chosen("at index i"),
        keeps=keeps,
        declines=declines,
    )(vjp)


def arranged(name: str) -> Formula:
    return named(name, x)


tile = picked("tile", "input, *dims", lambda c, at: at.tile(c.dims), formula=x)
rot90 = picked("rot90", "input, k=1, dims=(0, 1)", lambda c, at: at.rot90(c.k, c.dims), formula=arranged("rot90"))
fliplr = picked("fliplr", "input", lambda c, at: at.fliplr(), formula=x)
flipud = picked("flipud", "input", lambda c, at: at.flipud(), formula=x)
diagonal = picked(
    "diagonal",
    "input, offset=0, dim1=0, dim2=1",
    lambda c, at: at.diagonal(c.offset, c.dim1, c.dim2),
    formula=arranged("diag"),
)
linalg_diagonal = picked(
    "linalg_diagonal",
    "input, *, offset=0, dim1=-2, dim2=-1",
    lambda c, at: at.diagonal(c.offset, c.dim1, c.dim2),
    "linalg.diagonal",
    arranged("diag"),
)
diag = picked("diag", "input, diagonal=0", lambda c, at: at.diag(c.diagonal), formula=arranged("diag"))
diag_embed = picked(
    "diag_embed",
    "input, offset=0, dim1=-2, dim2=-1",
    lambda c, at: at.diag_embed(c.offset, c.dim1, c.dim2),
    formula=arranged("diag"),
)
diagflat = picked("diagflat", "input, offset=0", lambda c, at: at.diagflat(c.offset), formula=arranged("diag"))
windows = picked(
    "windows",
    "input, dimension, size, step",
    lambda c, at: at.unfold(c.dimension, c.size, c.step),
    "Tensor.unfold",
)
take = picked("take", "input, index", lambda c, at: at.take(c.index), keeps="index")
take_along_dim = picked(
    "take_along_dim", "input, indices, dim=None", lambda c, at: at.take_along_dim(c.indices, c.dim), keeps="indices"
)
masked_select = picked("masked_select", "input, mask", lambda c, at: at.masked_select(c.mask), keeps="mask")
repeat_interleave = picked(
    "repeat_interleave",
    "input, repeats, dim=None, *, output_size=None",
    lambda c, at: at.repeat_interleave(c.repeats, c.dim),
    formula=x,
    keeps="repeats",
)
PAD = "input, pad, mode='constant', value=None"
pad_with_x = picked(
    "pad_with_x",
    PAD,
    lambda c, at: F.pad(at, c.pad, c.mode),
    "F.pad",
    arranged("pad"),
    declines=lambda c: "padded with a constant" if c.mode == "constant" else "",
)
constant_pad_nd = picked(
    "constant_pad_nd", "input, pad, value=0", lambda c, at: F.pad(at, c.pad), "torch.constant_pad_nd", arranged("pad")
)
pixel_shuffle = picked(
    "pixel_shuffle",
    "input, upscale_factor",
    lambda c, at: F.pixel_shuffle(at, c.upscale_factor),
    "F.pixel_shuffle",
    x,
)
pixel_unshuffle = picked(
    "pixel_unshuffle",
    "input, downscale_factor",
    lambda c, at: F.pixel_unshuffle(at, c.downscale_factor),
    "F.pixel_unshuffle",
    x,
)
channel_shuffle = picked(
    "channel_shuffle",
    "input, groups",
    lambda c, at: F.channel_shuffle(at, c.groups),
    "F.channel_shuffle torch.channel_shuffle",
    x,
)
SLIDING = "kernel_size, dilation=1, padding=0, stride=1"
unfold = picked(
    "unfold",
    f"input, {SLIDING}",
    lambda c, at: F.unfold(at, c.kernel_size, c.dilation, c.padding, c.stride),
    "F.unfold",
    arranged("unfold"),
)


@rule(
    "fold",
    f"input, output_size, {SLIDING}",
    functions="F.fold",
    formula=arranged("fold"),
    partials=chosen("the window has the place"),
    note="windows that overlap are added: the adjoint of unfold",
)
def fold(c: Bound, g: Tensor) -> Gradients:
    return {"input": F.unfold(g, c.kernel_size, c.dilation, c.padding, c.stride)}


def strides_of(c: Bound, at: Tensor) -> Tensor:
    return at.as_strided(c.size, c.stride, c.storage_offset or 0)


as_strided = picked(
    "as_strided",
    "input, size, stride, storage_offset=None",
    strides_of,
    declines=lambda c: "" if whole_memory(c) else "a view, or not contiguous: its memory is not its numbers in order",
)


def whole_memory(c: Bound) -> bool:
    tensor = c.call.arguments["input"].tensor
    return tensor is not None and tensor.is_contiguous() and tensor._base is None and not tensor.storage_offset()


# ---------------------------------------------------------------- in order of size


def by_order(
    name: str, signature: str, functions: str, again: Callable[[Bound, Tensor], Tensor], words: str
) -> Adjoint:
    """(values, indices): each value's gradient goes where its index says; `again` finds the indices once more."""

    def vjp(c: Bound, g: Tensor, *_: Any) -> Gradients:
        if not c.input.dim():
            return {"input": g.reshape(())}
        indices, keepdim = again(c, c.input), c.call.arguments.get("keepdim", True)
        if indices.dim() > g.dim() or not keepdim:
            indices, g = (t if t.dim() == c.input.dim() else t.unsqueeze(axis_of(c)) for t in (indices, g))
        return {"input": g.new_zeros(c.input.shape).scatter_add(axis_of(c), indices, g)}

    return rule(
        name,
        signature,
        functions=functions,
        formula=named(words, x),
        partials=chosen("at index i"),
        keeps="input",
        magnitude=vjp,
    )(vjp)


def axis_of(c: Bound) -> int:
    dim = c.call.arguments.get("dim", -1)
    return -1 if dim is None else int(dim)


topk = by_order(
    "topk",
    "input, k, dim=-1, largest=True, sorted=True",
    "topk",
    lambda c, x: x.topk(c.k, c.dim, c.largest, c.sorted).indices,
    "topk",
)
sort = by_order(
    "sort",
    "input, dim=-1, descending=False, *, stable=False",
    "sort",
    lambda c, x: x.sort(dim=c.dim, descending=c.descending, stable=bool(c.stable)).indices,
    "sort",
)
msort = by_order("msort", "input, dim=0", "msort", lambda c, x: x.sort(dim=0).indices, "sort")
kthvalue = by_order(
    "kthvalue",
    "input, k, dim=-1, keepdim=False",
    "kthvalue",
    lambda c, x: x.kthvalue(c.k, c.dim, True).indices,
    "kthvalue",
)
median_along_axis = by_order(
    "median_along_axis",
    "input, dim, keepdim=False",
    "median nanmedian",
    lambda c, x: (
        x.nanmedian(c.dim, True).indices if c.call.name.endswith("nanmedian") else x.median(c.dim, True).indices
    ),
    "median",
)
mode = by_order("mode", "input, dim=-1, keepdim=False", "mode", lambda c, x: x.mode(c.dim, True).indices, "mode")


def running_extreme(function: str, words: str) -> Adjoint:
    def vjp(c: Bound, g: Tensor, *_: Any) -> Gradients:
        if not c.input.dim():
            return {"input": g}
        indices = getattr(torch, function)(c.input, c.dim).indices
        return {"input": g.new_zeros(c.input.shape).scatter_add(c.dim, indices, g)}

    return rule(
        function,
        "input, dim",
        formula=named(words, x),
        partials=chosen("the largest so far" if words == "max" else "the smallest so far"),
        keeps="input",
        magnitude=vjp,
    )(vjp)


cummax, cummin = running_extreme("cummax", "max"), running_extreme("cummin", "min")

# ---------------------------------------------------------------- numbers put into x

source, index, values = Symbol("source", "s"), Symbol("index", "i"), Symbol("values", "v")
src, value = Symbol("src", "s"), Symbol("value", "v")
HERE, ELSEWHERE = where(Words("at index i"), 1, 0), where(Words("at index i"), 0, 1)


def put_by(name: str, new: Symbol) -> Formula:
    return named(name, x, new)


def without(c: Bound, g: Tensor) -> Tensor:
    return g.index_fill(c.dim, c.index, 0)


def selected(c: Bound, g: Tensor) -> Gradients:
    """The gradients at the index, in the shape of `source`, where it needs them."""
    if not c.needs("source"):
        return {}
    found = g.index_select(c.dim, c.index.reshape(-1)) if g.dim() else g
    return {"source": found.reshape(c.call.arguments["source"].shape)}


@rule(
    "index_add",
    "input, dim, index, source, *, alpha=1",
    formula=put_by("index_add", source),
    partials={"input": ONE, "source": Symbol("alpha", "α", r"\alpha")},
    keeps="index",
)
def index_add(c: Bound, g: Tensor) -> Gradients:
    return {"input": g, **selected(c, g if c.alpha == 1 else g * c.alpha)}


@rule(
    "index_copy",
    "input, dim, index, source",
    formula=put_by("index_copy", source),
    partials={"input": ELSEWHERE, "source": HERE},
    keeps="index",
)
def index_copy(c: Bound, g: Tensor) -> Gradients:
    return {"input": without(c, g), **selected(c, g)}


@rule(
    "index_fill",
    "input, dim, index, value",
    formula=put_by("index_fill", value),
    partials={"input": ELSEWHERE, "value": HERE},
    keeps="index",
)
def index_fill(c: Bound, g: Tensor) -> Gradients:
    gradients: Gradients = {}
    if c.needs("input"):
        gradients["input"] = without(c, g)
    if c.needs("value"):
        gradients["value"] = (g - without(c, g)).sum()
    return gradients


def put_gradients(c: Bound, g: Tensor, at: Any, new: str, adds: bool) -> Gradients:
    """x[at] = values, or += values: the gradients of x and of the values."""
    gradients: Gradients = {}
    if c.needs("input"):
        gradients["input"] = g
        if not adds:
            gradients["input"] = gradient = g.clone()
            gradient[at] = 0
    if c.needs(new):
        gradients[new] = sum_to_value(g[at], c.call.arguments[new].shape)
    return gradients


def sum_to_value(g: Tensor, shape: torch.Size | tuple[int, ...]) -> Tensor:
    """The values may have leading axes of length 1 more than the place they are put in."""
    while len(shape) > g.dim():
        g = g.unsqueeze(0)
    return sum_to(g, shape)


@rule(
    "index_put",
    "input, indices, values, accumulate=False",
    formula=put_by("index_put", values),
    partials={"input": ELSEWHERE, "values": HERE},
    keeps="indices",
)
def index_put(c: Bound, g: Tensor) -> Gradients:
    at = tuple(slice(None) if part is None else part for part in c.indices)
    return put_gradients(c, g, at, "values", c.accumulate)


@rule(
    "setitem",
    "input, index, value",
    functions="Tensor.__setitem__",
    formula=where(Words("at index i"), value, x),
    partials={"input": ELSEWHERE, "value": HERE},
    keeps="index",
    declines=lambda c: "" if plain_index(c) else "places that may be written twice",
)
def setitem(c: Bound, g: Tensor) -> Gradients:
    return put_gradients(c, g, c.index, "value", adds=False)


def plain_index(c: Bound) -> bool:
    parts = c.index if isinstance(c.index, tuple) else (c.index,)
    return not is_advanced(c.index) or all(isinstance(p, Tensor | slice | int) or p in (None, ...) for p in parts)


def numbers_only(c: Bound) -> str:
    return f"reduce={c.reduce!r}" if c.reduce is not None else ""


@rule(
    "scatter",
    "input, dim, index, src, *, reduce=None",
    formula=put_by("scatter", src),
    partials={"input": ELSEWHERE, "src": HERE},
    keeps="index",
    declines=numbers_only,
)
def scatter(c: Bound, g: Tensor) -> Gradients:
    gradients: Gradients = {}
    if c.needs("input"):
        gradients["input"] = g.scatter(c.dim, c.index, 0)
    if c.needs("src"):
        gradients["src"] = gathered(c, g)
    return gradients


def gathered(c: Bound, g: Tensor) -> Tensor:
    """The gradients at the indices; 0 for what is beyond the shape of the index and was not used."""
    found, shape = g.gather(c.dim, c.index), c.call.arguments["src"].shape
    missed = [part for size, used in zip(shape, found.shape, strict=True) for part in (size - used, 0)]
    return F.pad(found, missed[::-1]) if any(missed) else found


@rule(
    "scatter_value",
    "input, dim, index, value, *, reduce=None",
    functions="scatter",
    formula=put_by("scatter", value),
    partials={"input": ELSEWHERE},
    keeps="index",
    declines=numbers_only,
)
def scatter_value(c: Bound, g: Tensor) -> Gradients:
    return {"input": g.scatter(c.dim, c.index, 0)}


@rule(
    "scatter_add",
    "input, dim, index, src",
    formula=put_by("scatter_add", src),
    partials={"input": ONE, "src": HERE},
    keeps="index",
)
def scatter_add(c: Bound, g: Tensor) -> Gradients:
    gradients: Gradients = {}
    if c.needs("input"):
        gradients["input"] = g
    if c.needs("src"):
        gradients["src"] = gathered(c, g)
    return gradients


def only_sums(c: Bound) -> str:
    return "" if c.reduce in ("sum", "mean") else f"reduce={c.reduce!r}"


def shares(c: Bound, g: Tensor) -> tuple[Tensor, Tensor]:
    """How many numbers each output is the sum of, 1 where none; and where x itself is not among them."""
    ones = torch.ones(c.call.arguments["src"].shape, dtype=g.dtype, device=g.device)[
        tuple(slice(size) for size in c.index.shape)
    ]
    count = torch.zeros_like(g).scatter_add(c.dim, c.index, ones) if g.dim() else torch.ones_like(g)
    replaced = (count > 0) & (not c.include_self)
    return (count + int(c.include_self)).clamp_min(1) if c.reduce == "mean" else torch.ones_like(g), replaced


@rule(
    "scatter_reduce",
    "input, dim, index, src, reduce, *, include_self=True",
    formula=put_by("scatter_reduce", src),
    partials={"input": Words("1/n"), "src": Words("1/n")},
    keeps="index",
    declines=only_sums,
    note="n numbers meet at a place: their sum, or their mean",
)
def scatter_reduce(c: Bound, g: Tensor) -> Gradients:
    count, replaced = shares(c, g)
    gradients: Gradients = {}
    if c.needs("input"):
        gradients["input"] = (g / count).masked_fill(replaced, 0)
    if c.needs("src"):
        gradients["src"] = gathered(c, g / count)
    return gradients


def shared_extreme(c: Bound, g: Tensor) -> Gradients:
    """Numbers that equal the largest (smallest) of those that meet share its gradient evenly, as PyTorch."""
    mine = (c.input == c.output).to(g.dtype)
    theirs = (c.src == c.output.gather(c.dim, c.index)).to(g.dtype)
    count = torch.zeros_like(mine).scatter_add(c.dim, c.index, theirs) + mine
    share = g * (1 / count).masked_fill(count == 0, 0)
    gradients: Gradients = {}
    if c.needs("input"):
        gradients["input"] = share * mine
    if c.needs("src"):
        gradients["src"] = share.gather(c.dim, c.index) * theirs
    return gradients


def extreme_declines(c: Bound) -> str:
    if c.reduce not in ("amax", "amin") or not c.include_self:
        return f"reduce={c.reduce!r}, include_self={c.include_self}"
    same = tuple(c.call.arguments["src"].shape) == tuple(c.index.shape)
    return "" if same and c.index.dim() else "an index of another shape"


scatter_extreme = rule(
    "scatter_extreme",
    "input, dim, index, src, reduce, *, include_self=True",
    functions="scatter_reduce",
    formula=put_by("scatter_reduce", src),
    partials={"input": where(Words("the extreme"), 1, 0), "src": where(Words("the extreme"), 1, 0)},
    keeps="input index src output",
    declines=extreme_declines,
    note="equal numbers share the gradient evenly, as PyTorch",
    magnitude=shared_extreme,
)(shared_extreme)


@rule(
    "masked_scatter",
    "input, mask, source",
    formula=where(Words("mask"), source, x),
    partials={"input": where(Words("mask"), 0, 1), "source": where(Words("mask"), 1, 0)},
    keeps="mask",
)
def masked_scatter(c: Bound, g: Tensor) -> Gradients:
    gradients: Gradients = {}
    mask = c.mask.expand(g.shape)
    if c.needs("input"):
        gradients["input"] = sum_to(g.masked_fill(mask, 0), c.call.arguments["input"].shape)
    if c.needs("source"):
        value = c.call.arguments["source"]
        used = g.masked_select(mask)
        gradients["source"] = torch.cat([used, g.new_zeros(value.numel - used.numel())]).reshape(value.shape)
    return gradients


def into_part(name: str, signature: str, functions: str, part: Callable[[Bound, Tensor], Tensor]) -> Adjoint:
    """x with `src` in place of a part of it; `part` is that part."""

    def vjp(c: Bound, g: Tensor) -> Gradients:
        gradients: Gradients = {}
        if c.needs("input"):
            kept = torch.ones(g.shape, dtype=torch.bool, device=g.device)
            part(c, kept).fill_(False)
            gradients["input"] = g.masked_fill(~kept, 0)
        if c.needs("src"):
            gradients["src"] = part(c, g).reshape(c.call.arguments["src"].shape)
        return gradients

    return rule(
        name,
        signature,
        functions=functions,
        formula=where(Words("in the part"), src, x),
        partials={"input": where(Words("in the part"), 0, 1), "src": where(Words("in the part"), 1, 0)},
    )(vjp)


select_scatter = into_part(
    "select_scatter", "input, src, dim, index", "select_scatter", lambda c, t: t.select(c.dim, c.index)
)


def cut(c: Bound, t: Tensor) -> Tensor:
    axes: list[Any] = [slice(None)] * t.dim()
    axes[c.dim] = slice(c.start, c.end, c.step)
    return t[tuple(axes)]


slice_scatter = into_part("slice_scatter", "input, src, dim=0, start=None, end=None, step=1", "slice_scatter", cut)
diagonal_scatter = into_part(
    "diagonal_scatter",
    "input, src, offset=0, dim1=0, dim2=1",
    "diagonal_scatter",
    lambda c, t: t.diagonal(c.offset, c.dim1, c.dim2),
)


@rule(
    "copy_",
    "input, other, non_blocking=False",
    functions="Tensor.copy_",
    formula=Symbol("other", "b"),
    partials={"input": Number(0), "other": ONE},
)
def copy_(c: Bound, g: Tensor) -> Gradients:
    gradients: Gradients = {}
    if c.needs("input"):
        gradients["input"] = nothing(g)
    if c.needs("other"):
        other = c.call.arguments["other"]
        gradients["other"] = sum_to(g, other.shape).to(other.dtype)
    return gradients


@rule(
    "fill",
    "input, value=0",
    functions="fill zero",
    formula=value,
    partials={"input": Number(0), "value": ONE},
)
def fill(c: Bound, g: Tensor) -> Gradients:
    gradients: Gradients = {}
    if c.needs("input"):
        gradients["input"] = nothing(g)
    if c.needs("value"):
        gradients["value"] = g.sum()
    return gradients


# ---------------------------------------------------------------- joined and parted, in the manner of NumPy

tensors = Symbol("tensors", "x", "x")


def joined(name: str, axis: int) -> Adjoint:
    """Tensors put side by side along `axis`; a vector becomes a row (or a column)."""

    def vjp(c: Bound, g: Tensor) -> Gradients:
        shapes = [part.shape for part in c.call.arguments["tensors"]]
        along = 0 if name == "hstack" and all(len(shape) <= 1 for shape in shapes) else axis
        full = [raised(shape, name) for shape in shapes]
        sizes = [shape[along] for shape in full]
        return {"tensors": [part.reshape(s) for part, s in zip(g.split(sizes, along), shapes, strict=True)]}

    functions = {"vstack": "torch.vstack torch.row_stack"}.get(name, f"torch.{name}")
    return rule(name, "tensors", functions=functions, formula=named(name, tensors), partials={"tensors": ONE})(vjp)


def raised(shape: tuple[int, ...], name: str) -> tuple[int, ...]:
    """The shape as it is joined: torch.atleast_1d, atleast_2d and atleast_3d; a vector as a column."""
    shape = shape or (1,)
    if len(shape) > 1:
        return (*shape, 1) if len(shape) == 2 and name == "dstack" else shape
    return {"hstack": shape, "vstack": (1, *shape), "dstack": (1, *shape, 1), "column_stack": (*shape, 1)}[name]


hstack, vstack, dstack = joined("hstack", 1), joined("vstack", 0), joined("dstack", 2)
column_stack = joined("column_stack", 1)


def parted_along(name: str, axis: Callable[[Bound], int]) -> Adjoint:
    def vjp(c: Bound, *upstream: Tensor | None) -> Gradients:
        return {"input": torch.cat(all_upstream(c, upstream), axis(c))}

    return rule(name, "input, indices_or_sections", formula=Index(x, (i,)), partials=chosen("in part i"))(vjp)


hsplit = parted_along("hsplit", lambda c: 0 if len(c.call.arguments["input"].shape) == 1 else 1)
vsplit, dsplit = parted_along("vsplit", lambda c: 0), parted_along("dsplit", lambda c: 2)


def broadcast_back(c: Bound, *upstream: Tensor | None) -> Gradients:
    shapes = [part.shape for part in c.call.arguments["tensors"]]
    return {"tensors": [sum_to(g, s) for g, s in zip(all_upstream(c, upstream), shapes, strict=True)]}


broadcast_tensors = rule(
    "broadcast_tensors",
    "*tensors",
    functions="torch.broadcast_tensors",
    formula=tensors,
    partials={"tensors": ONE},
)(broadcast_back)


def grid_back(c: Bound, *upstream: Tensor | None) -> Gradients:
    """Each vector runs along an axis of its own; with indexing "xy" the first two are exchanged."""
    gradients = []
    for at, (g, value) in enumerate(zip(all_upstream(c, upstream), c.call.arguments["tensors"], strict=True)):
        axis = {0: 1, 1: 0}.get(at, at) if c.indexing == "xy" and g.dim() > 1 else at
        others = [a for a in range(g.dim()) if a != axis]
        gradients.append((g.sum(others) if others else g).reshape(value.shape))
    return {"tensors": gradients}


meshgrid = rule(
    "meshgrid",
    "*tensors, indexing=None",
    functions="torch.meshgrid",
    formula=tensors,
    partials={"tensors": ONE},
)(grid_back)
