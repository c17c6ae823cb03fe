"""Functions that move numbers without changing them: their adjoint moves the gradients back.

A number that is used twice (expand, repeat, an index that occurs twice) gets the sum of its gradients; one that is
left out gets 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from chainrule.formula import Index, Number, Symbol, Transpose, Words, symbols, where
from chainrule.rules.rule import Adjoint, Bound, Gradients, Tensor, named, rule, sum_to, x

ONE = Number(1)
i, k = symbols("i k")


def moved(
    name: str,
    signature: str,
    back: Callable[[Bound, Tensor], Tensor],
    functions: str = "",
    declines: Callable[[Bound], str] | None = None,
) -> Adjoint:
    """A rule whose value is x in another arrangement; `back` arranges the gradient like x again."""
    return rule(name, signature, functions=functions, formula=x, partials={"input": ONE}, declines=declines)(
        lambda c, g: {"input": back(c, g)}
    )


def chosen(condition: str) -> dict[str, Any]:
    """The partial of a function that picks numbers out of x."""
    return {"input": where(Words(condition), 1, 0)}


# ---------------------------------------------------------------- another shape


def like_input(c: Bound, g: Tensor) -> Tensor:
    return g.reshape(c.call.arguments["input"].shape)


def another_dtype(c: Bound) -> str:
    return "the same bytes read as another dtype" if any(isinstance(s, torch.dtype) for s in c.size) else ""


view = moved("view", "input, *size", like_input, declines=another_dtype)
reshape = moved("reshape", "input, *shape", like_input)
view_as = moved("view_as", "input, other", like_input, "view_as reshape_as")
flatten = moved("flatten", "input, start_dim=0, end_dim=-1", like_input)
unflatten = moved("unflatten", "input, dim, sizes", like_input)
ravel = moved("ravel", "input", like_input)
squeeze = moved("squeeze", "input, dim=None", like_input)
unsqueeze = moved("unsqueeze", "input, dim", like_input)
contiguous = moved("contiguous", "input, memory_format=None", like_input)
clone = moved("clone", "input, *, memory_format=None", like_input)

# ---------------------------------------------------------------- axes in another order


def inverse_permutation(c: Bound, g: Tensor) -> Tensor:
    order = [0] * g.dim()
    for position, axis in enumerate(c.dims):
        order[axis] = position
    return g.permute(order)


@rule(
    "transpose",
    "input, dim0, dim1",
    functions="transpose swapaxes swapdims",
    formula=Transpose(x),
    partials={"input": ONE},
)
def transpose(c: Bound, g: Tensor) -> Gradients:
    return {"input": g.transpose(c.dim0, c.dim1)}


@rule("t", "input", functions="t property.mT", formula=Transpose(x), partials={"input": ONE})
def matrix_transpose(c: Bound, g: Tensor) -> Gradients:
    return {"input": g.mT if g.dim() >= 2 else g}


@rule(
    "H",
    "input",
    functions="property.mH property.H adjoint",
    formula=Transpose(x),
    partials={"input": ONE},
    declines=lambda c: "complex numbers" if c.call.outputs[0].dtype.is_complex else "",
)
def conjugate_transpose(c: Bound, g: Tensor) -> Gradients:
    return {"input": g.mT}


@rule("T", "input", functions="property.T", formula=Transpose(x), partials={"input": ONE})
def reversed_axes(c: Bound, g: Tensor) -> Gradients:
    return {"input": g.permute(*range(g.dim() - 1, -1, -1))}


permute = moved("permute", "input, *dims", inverse_permutation)
movedim = moved(
    "movedim",
    "input, source, destination",
    lambda c, g: g.movedim(c.destination, c.source),
    "movedim moveaxis",
)
flip = moved("flip", "input, *dims", lambda c, g: g.flip(c.dims))


@rule("roll", "input, shifts, dims=None", formula=named("roll", x), partials={"input": ONE})
def roll(c: Bound, g: Tensor) -> Gradients:
    back = -c.shifts if isinstance(c.shifts, int) else [-shift for shift in c.shifts]
    return {"input": g.roll(back) if c.dims is None else g.roll(back, c.dims)}


# ---------------------------------------------------------------- the same numbers several times


def summed(c: Bound, g: Tensor) -> Tensor:
    return sum_to(g, c.call.arguments["input"].shape)


expand = moved("expand", "input, *size", summed, "Tensor.expand")
expand_as = moved("expand_as", "input, other", summed)
sum_to_size = moved("sum_to_size", "input, *size", lambda c, g: g.expand(c.call.arguments["input"].shape))
broadcast_to = moved("broadcast_to", "input, size", summed)


@rule("repeat", "input, *repeats", formula=x, partials={"input": ONE})
def repeat(c: Bound, g: Tensor) -> Gradients:
    shape = c.call.arguments["input"].shape
    shape = (1,) * (len(c.repeats) - len(shape)) + tuple(shape)
    tiled = g.reshape([size for pair in zip(c.repeats, shape, strict=True) for size in pair])
    return {"input": like_input(c, tiled.sum(list(range(0, 2 * len(shape), 2))) if shape else tiled)}


# ---------------------------------------------------------------- another dtype


def cast_back(c: Bound, g: Tensor) -> Tensor:
    return g.to(c.call.arguments["input"].dtype)


def not_real(c: Bound) -> str:
    source, target = c.call.arguments["input"], c.call.outputs[0]
    if source.dtype.is_complex or target.dtype.is_complex:
        return "complex numbers"
    if source.tensor is not None and target.tensor is not None and source.tensor.device != target.tensor.device:
        return "a move between devices"
    return ""


to = moved(
    "to",
    "input, *target, dtype=None, device=None, non_blocking=False, copy=False, memory_format=None",
    cast_back,
    "Tensor.to Tensor.type",
    not_real,
)
type_as = moved("type_as", "input, other", cast_back, declines=not_real)
cast = moved(
    "cast", "input, memory_format=None", cast_back, "Tensor.float Tensor.double Tensor.half Tensor.bfloat16", not_real
)

# ---------------------------------------------------------------- some of the numbers


def is_advanced(index: Any) -> bool:
    """Whether NumPy's "advanced indexing" applies: then entries may be chosen twice."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(not (part is None or part is Ellipsis or type(part) in (int, slice)) for part in parts)


@rule(
    "getitem",
    "input, index",
    formula=Index(x, (i,)),
    partials=chosen("at index i"),
    keeps="index",
)
def getitem(c: Bound, g: Tensor) -> Gradients:
    index, shape = c.index, c.call.arguments["input"].shape
    parts = index if isinstance(index, tuple) else (index,)
    gradient = g.new_zeros(shape)
    if not is_advanced(index):
        gradient[index] = g
        return {"input": gradient}
    if all(isinstance(part, Tensor) and part.dtype != torch.uint8 for part in parts):
        return {"input": gradient.index_put(parts, g, accumulate=True)}
    # Slices beside lists and tensors: let indexing itself say which flat positions were chosen.
    positions = torch.arange(gradient.numel(), device=g.device).reshape(shape)[index]
    flat = gradient.reshape(-1).index_add(0, positions.reshape(-1), g.reshape(-1))
    return {"input": flat.reshape(shape)}


@rule("select", "input, dim, index", formula=Index(x, (i,)), partials=chosen("at index i"))
def select(c: Bound, g: Tensor) -> Gradients:
    return {"input": torch.select_scatter(g.new_zeros(c.input.shape), g, c.dim, c.index)}


@rule("narrow", "input, dim, start, length", formula=Index(x, (i,)), partials=chosen("at index i"), keeps="start")
def narrow(c: Bound, g: Tensor) -> Gradients:
    start = int(c.start) % max(c.input.shape[c.dim], 1) if c.start < 0 else int(c.start)
    return {"input": torch.slice_scatter(g.new_zeros(c.input.shape), g, c.dim, start, start + c.length)}


@rule(
    "index_select",
    "input, dim, index",
    formula=Index(x, (Index(i, (k,)),)),
    partials=chosen("at index i"),
    keeps="index",
)
def index_select(c: Bound, g: Tensor) -> Gradients:
    return {"input": g.new_zeros(c.input.shape).index_add(c.dim, c.index, g)}


@rule(
    "gather",
    "input, dim, index, *, sparse_grad=False",
    formula=Index(x, (Index(i, (k,)),)),
    partials=chosen("at index i"),
    keeps="index",
    declines=lambda c: "sparse_grad" if c.sparse_grad else "",
)
def gather(c: Bound, g: Tensor) -> Gradients:
    return {"input": g.new_zeros(c.input.shape).scatter_add(c.dim, c.index, g)}


@rule("tril", "input, diagonal=0", formula=named("tril", x), partials=chosen("on or below the diagonal"))
def tril(c: Bound, g: Tensor) -> Gradients:
    return {"input": g.tril(c.diagonal)}


@rule("triu", "input, diagonal=0", formula=named("triu", x), partials=chosen("on or above the diagonal"))
def triu(c: Bound, g: Tensor) -> Gradients:
    return {"input": g.triu(c.diagonal)}


# ---------------------------------------------------------------- joining and parting

tensors = Symbol("tensors", "x", "x")


@rule(
    "cat",
    "tensors, dim=0",
    functions="torch.cat torch.concat torch.concatenate",
    formula=named("cat", tensors),
    partials={"tensors": ONE},
)
def cat(c: Bound, g: Tensor) -> Gradients:
    shapes = [part.shape for part in c.call.arguments["tensors"]]
    # an empty vector may stand among tensors of any shape
    sizes = [0 if len(shape) == 1 and shape[0] == 0 else shape[c.dim] for shape in shapes]
    return {"tensors": [part.reshape(shape) for part, shape in zip(g.split(sizes, c.dim), shapes, strict=True)]}


@rule("stack", "tensors, dim=0", functions="torch.stack", formula=named("stack", tensors), partials={"tensors": ONE})
def stack(c: Bound, g: Tensor) -> Gradients:
    return {"tensors": list(g.unbind(c.dim))}


def all_upstream(c: Bound, upstream: tuple[Tensor | None, ...]) -> list[Tensor]:
    """The gradient of each output, 0 where none arrived."""
    some = next(g for g in upstream if g is not None)
    return [some.new_zeros(out.shape) if g is None else g for g, out in zip(upstream, c.call.outputs, strict=True)]


def rejoined(c: Bound, *upstream: Tensor | None) -> Gradients:
    return {"input": torch.cat(all_upstream(c, upstream), c.dim)}


def parted(name: str, signature: str, functions: str = "") -> Adjoint:
    """A rule that cuts x along an axis; its adjoint joins the parts."""
    return rule(name, signature, functions=functions, formula=Index(x, (i,)), partials=chosen("in part i"))(rejoined)


split = parted("split", "input, split_size, dim=0", "split split_with_sizes unsafe_split unsafe_split_with_sizes")
chunk = parted("chunk", "input, chunks, dim=0", "chunk unsafe_chunk")
tensor_split = parted("tensor_split", "input, indices_or_sections, dim=0")


@rule("unbind", "input, dim=0", formula=Index(x, (i,)), partials=chosen("in part i"))
def unbind(c: Bound, *upstream: Tensor | None) -> Gradients:
    return {"input": torch.stack(all_upstream(c, upstream), c.dim)}


# ---------------------------------------------------------------- numbers put beside x, or in its place

mask = Symbol("mask", "mask")
fill = Symbol("value", "v", "v")
condition = Symbol("condition", "condition")
other = Symbol("other", "b", "b")


@rule(
    "pad",
    "input, pad, mode='constant', value=None",
    functions="F.pad",
    formula=named("pad", x),
    partials={"input": ONE},
    declines=lambda c: f"mode={c.mode!r}" if c.mode != "constant" else "",
)
def pad(c: Bound, g: Tensor) -> Gradients:
    return {"input": F.pad(g, [-size for size in c.pad])}


@rule(
    "masked_fill",
    "input, mask, value",
    formula=where(mask, fill, x),
    partials={"input": where(mask, 0, 1), "value": where(mask, 1, 0)},
    keeps="mask",
)
def masked_fill(c: Bound, g: Tensor) -> Gradients:
    gradients: Gradients = {}
    if c.needs("input"):
        gradients["input"] = sum_to(g.masked_fill(c.mask, 0), c.input.shape)
    if c.needs("value"):
        gradients["value"] = g.masked_fill(~c.mask, 0).sum()
    return gradients


def choice(c: Bound, g: Tensor) -> Gradients:
    zero = g.new_zeros(())
    gradients: Gradients = {}
    if c.needs("input"):
        gradients["input"] = sum_to(torch.where(c.condition, g, zero), c.input.shape)
    if c.needs("other"):
        gradients["other"] = sum_to(torch.where(c.condition, zero, g), c.other.shape)
    return gradients


CHOICE = {"input": where(condition, 1, 0), "other": where(condition, 0, 1)}
where_ = rule(
    "where",
    "condition, input, other",
    functions="torch.where",
    formula=where(condition, x, other),
    partials=CHOICE,
    keeps="condition",
)(choice)
where_method = rule(
    "where_method",
    "input, condition, other",
    functions="Tensor.where",
    formula=where(condition, x, other),
    partials=CHOICE,
    keeps="condition",
)(choice)
