"""Moves of numbers inside a sample. Each is its own adjoint read backwards."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from chainrule.native.forms.site import Made, Site
from chainrule.native.graph import Node, Shape

Back: TypeAlias = Callable[[Node], Node]
Moved: TypeAlias = "tuple[Node, Back]"


def from_input(s: Site, moved: Moved) -> Made:
    y, back = moved
    return y, lambda g: {"input": back(s.full(g, y))}


def same(s: Site) -> Made:
    """The numbers as they are: a copy, another layout in memory."""
    s.need(s.call.output.dtype == s.call.arguments["input"].dtype, "it changes the dtype")
    return s.input, lambda g: {"input": g}


# ---------------------------------------------------------------- single moves, each with its way back


def reshaped(s: Site, x: Node, shape: Shape) -> Moved:
    return s("reshape", x, shape=shape), lambda g: s("reshape", g, shape=x.shape)


def permuted(s: Site, x: Node, axes: Shape) -> Moved:
    back = tuple(axes.index(axis) for axis in range(len(axes)))
    return s("permute", x, axes=axes), lambda g: s("permute", g, axes=back)


def cut(s: Site, x: Node, axis: int, start: int, stop: int) -> Moved:
    """x[start:stop] along an axis."""
    widths = tuple((start, size - stop) if a == axis else (0, 0) for a, size in enumerate(x.shape))
    return s("slice", x, axis=axis, start=start, stop=stop, step=1), lambda g: s("pad", g, widths=widths)


def after(first: Moved, then: Callable[[Node], Moved]) -> Moved:
    x, back_first = first
    y, back = then(x)
    return y, lambda g: back_first(back(g))


# ---------------------------------------------------------------- torch's functions


def reshape(s: Site) -> Made:
    """view, reshape, flatten, unflatten, squeeze, unsqueeze: the shape is that of the recorded result."""
    return from_input(s, reshaped(s, s.input, s.inside(s.call.output.shape, s.input)))


def permute(s: Site) -> Made:
    """transpose, t, T, permute, movedim: which axis went where is told by the recorded arguments."""
    x = s.input
    front = x.over == "batch"
    axes = list(range(len(x.shape) + front))
    arguments = s.call.arguments
    if "dims" in arguments:
        axes = [dim % len(axes) for dim in s.dims]
    elif "dim0" in arguments:
        a, b = s.dim0 % len(axes), s.dim1 % len(axes)
        axes[a], axes[b] = axes[b], axes[a]
    else:  # t, T
        axes.reverse()
    s.need(not front or axes[0] == 0, "it moves the axis of the samples")
    return from_input(s, permuted(s, x, tuple(axis - front for axis in axes[front:])))


def expand(s: Site) -> Made:
    x = s.input
    shape = s.inside(s.call.output.shape, x)
    y = s("broadcast", x, shape=shape)
    return y, lambda g: {"input": s.sum_to(g, y, x)}


def getitem(s: Site) -> Made:
    """Integers, slices, None and …: no tensors."""
    index = s.index if isinstance(s.index, tuple) else (s.index,)
    return from_input(s, indexed(s, s.input, index))


def indexed(s: Site, x: Node, index: tuple[Any, ...]) -> Moved:
    front = x.over == "batch"
    rank = len(x.shape) + front
    plain = [part for part in index if part is not None and part is not Ellipsis]
    s.need(all(type(part) in (int, slice) for part in plain), "it picks by numbers that are computed")
    rest = (slice(None),) * (rank - len(plain))
    if Ellipsis in index:
        place = index.index(Ellipsis)
        index = (*index[:place], *rest, *index[place + 1 :])
    else:
        index = (*index, *rest)
    if front:
        s.need(index[0] == slice(None), "it picks samples of the batch")
        index = index[1:]
    moved: Moved = (x, lambda g: g)
    shape: list[int] = []
    axis = 0
    for part in index:
        if part is None:
            shape.append(1)
            continue
        size = x.shape[axis]
        start, stop, step = part.indices(size) if isinstance(part, slice) else (part % size, part % size + 1, 1)
        s.need(step == 1, "it takes every n-th number")
        stop = max(start, stop)
        moved = after(moved, partial(cut, s, axis=axis, start=start, stop=stop))
        if isinstance(part, slice):
            shape.append(stop - start)
        axis += 1
    return after(moved, lambda node: reshaped(s, node, tuple(shape)))


def select(s: Site) -> Made:
    axis = s.axis(s.dim, s.input)
    start = s.index % s.input.shape[axis]
    shape = s.input.shape[:axis] + s.input.shape[axis + 1 :]
    part = cut(s, s.input, axis, start, start + 1)
    return from_input(s, after(part, lambda node: reshaped(s, node, shape)))


def narrow(s: Site) -> Made:
    axis = s.axis(s.dim, s.input)
    s.need(isinstance(s.start, int), "it starts where a tensor says")
    start = s.start % s.input.shape[axis] if s.start else 0
    return from_input(s, cut(s, s.input, axis, start, start + s.length))


def cat(s: Site) -> Made:
    return joined(s, s.tensors, s.dim)


def stack(s: Site) -> Made:
    rank = len(s.tensors[0].shape) + (s.tensors[0].over == "batch") + 1
    dim = s.dim % rank
    front = any(node.over == "batch" for node in s.tensors)
    s.need(not front or dim > 0, "it works along the axis of the samples")
    axis = dim - front
    grown = [s("reshape", node, shape=(*node.shape[:axis], 1, *node.shape[axis:])) for node in s.tensors]
    y, adjoint = joined(s, grown, dim)
    return y, lambda g: {
        "tensors": [
            s("reshape", part, shape=node.shape) for part, node in zip(adjoint(g)["tensors"], s.tensors, strict=True)
        ]
    }


def joined(s: Site, parts: list[Node], dim: int) -> Made:
    whole = next((node for node in parts if node.over == "batch"), parts[0])
    s.need(all(len(node.shape) == len(whole.shape) and node.over == whole.over for node in parts),
           "a fixed array has an entry for each sample")  # fmt: skip
    axis = s.axis(dim, whole)
    y = s("concat", *parts, axis=axis)

    def adjoint(g: Node) -> dict[str, Any]:
        g, start, gradients = s.full(g, y), 0, []
        for node in parts:
            stop = start + node.shape[axis]
            gradients.append(s("slice", g, axis=axis, start=start, stop=stop, step=1))
            start = stop
        return {"tensors": gradients}

    return y, adjoint
