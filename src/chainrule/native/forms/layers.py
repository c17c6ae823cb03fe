"""Sums of products, sums and means, softmax, normalisation, dropout, embedding: g is the gradient of the result y."""

from __future__ import annotations

import math
from typing import Any

import torch

from chainrule.native.forms.site import Made, Site
from chainrule.native.graph import Node, Shape

# ---------------------------------------------------------------- sums of products


def linear(s: Site) -> Made:
    """y = x·wᵀ + b"""
    return product(s, "input", "weight", s.weight, turned=False, added="bias")


def matmul(s: Site) -> Made:
    """x·w, where w is the same for every sample."""
    x, w = s.input, s.other
    s.need(x.over == "batch" and w.over == "one", "it is no product of a batch with fixed weights")
    s.need(len(x.shape) >= 1 and len(w.shape) <= 2, "it multiplies along the samples, or by a batch of matrices")
    if len(w.shape) == 1:
        column = s("reshape", w, shape=(1, *w.shape))
        y, adjoint = product(s, "input", "other", column, turned=False)

        def of_vector(g: Node) -> dict[str, Any]:
            found = adjoint(s("reshape", s.full(g, flat), shape=y.shape))
            return found | {"other": s("reshape", found["other"], shape=w.shape)}

        flat = s("reshape", y, shape=y.shape[:-1])
        return flat, of_vector
    return product(s, "input", "other", w, turned=True)


def addmm(s: Site) -> Made:
    """b + x·w"""
    s.need(s.alpha == 1 and s.beta == 1, "its terms have factors")
    s.need(s.mat1.over == "batch" and s.mat2.over == "one", "it is no product of a batch with fixed weights")
    return product(s, "mat1", "mat2", s.mat2, turned=True, added="input")


def product(s: Site, first: str, second: str, w: Node, turned: bool, added: str = "") -> Made:
    """x·wᵀ, or x·w where turned, plus what is added.

    A w that is the transpose of another array, as in tied weights, is read as that array the other way around.
    """
    x = getattr(s, first)
    s.need(x.over == "batch", "its input is the same for every sample")
    s.need(w.over == "one", "its weight differs from sample to sample")
    s.need(len(x.shape) >= 1, "its input is one vector for the whole batch")
    through = w.op == "permute" and w["axes"] == (1, 0)
    inner = w.inputs[0] if through else w
    forward, back = ("matmul_t", "matmul") if turned != through else ("matmul", "matmul_t")
    z = s(forward, x, inner)
    bias = getattr(s, added) if added else None
    y = z if bias is None else s("add", z, s.operands(z, bias)[1])

    def adjoint(g: Node) -> dict[str, Any]:
        gradients = {} if bias is None else {added: s.sum_to(g, y, bias)}
        g = s.full(g, y)
        slope = s("outer", g, x) if forward == "matmul" else s("outer", x, g)  # of `inner`
        gradients[first] = s(back, g, inner)
        gradients[second] = s("permute", slope, axes=(1, 0)) if through else slope
        return gradients

    return y, adjoint


# ---------------------------------------------------------------- sums and means


def axes_of(s: Site, x: Node, dims: Any) -> tuple[Shape, bool]:
    """The axes inside a sample that torch's `dim` names, and whether it names the samples too."""
    rank = len(x.shape) + (x.over == "batch")
    dims = range(rank) if dims is None or dims in ((), []) else [dims] if isinstance(dims, int) else dims
    wanted = sorted({dim % rank for dim in dims}) if rank else []
    front = x.over == "batch"
    return tuple(dim - front for dim in wanted if dim >= front), front and 0 in wanted


def mean(s: Site) -> Made:
    return summed(s, mean=True)


def summed(s: Site, mean: bool = False) -> Made:
    x = s.input
    s.need(s.dtype is None or s.dtype == s.call.arguments["input"].dtype, "it changes the dtype")
    axes, samples = axes_of(s, x, s.dim)
    y = s("sum", x, axes=axes, keepdims=True)
    y = s("batch_sum", y) if samples else y
    kept = y.shape
    shape = s.call.output.shape if y.over == "one" else s.call.output.shape[1:]
    y = s("reshape", y, shape=tuple(shape))
    count = math.prod(x.shape[axis] for axis in axes) * (s.samples if samples else 1)
    factor = 1 / count if mean else 1.0

    def adjoint(g: Node) -> dict[str, Any]:
        g = s("mul", g, factor)
        if not g.shape:
            return {"input": g}
        return {"input": s("reshape", s("broadcast", g, shape=y.shape), shape=kept)}

    return s("mul", y, factor), adjoint


# ---------------------------------------------------------------- softmax


def shares(s: Site, x: Node, axis: int) -> tuple[Node, Node, Node]:
    """x less its maximum, Σ exp of that, and the softmax; along an axis that stays, with length 1 in the sum."""
    z = s("sub", x, s("max", x, axes=(axis,), keepdims=True))
    e = s("exp", z)
    total = s("sum", e, axes=(axis,), keepdims=True)
    return z, total, s("div", e, total)


def softmax(s: Site) -> Made:
    s.need(s.dim is not None and s.dtype is None, "its axis or another dtype is chosen by torch")
    axis = s.axis(s.dim, s.input)
    _, _, y = shares(s, s.input, axis)

    def adjoint(g: Node) -> dict[str, Any]:
        product = s("mul", s.full(g, y), y)
        return {"input": s("sub", product, s("mul", y, s("sum", product, axes=(axis,), keepdims=True)))}

    return y, adjoint


def log_softmax(s: Site) -> Made:
    s.need(s.dim is not None and s.dtype is None, "its axis or another dtype is chosen by torch")
    axis = s.axis(s.dim, s.input)
    z, total, p = shares(s, s.input, axis)
    y = s("sub", z, s("log", total))

    def adjoint(g: Node) -> dict[str, Any]:
        g = s.full(g, y)
        return {"input": s("sub", g, s("mul", p, s("sum", g, axes=(axis,), keepdims=True)))}

    return y, adjoint


# ---------------------------------------------------------------- normalisation


def average(s: Site, x: Node, axes: Shape) -> Node:
    return s("mul", s("sum", x, axes=axes, keepdims=True), 1 / math.prod(x.shape[axis] for axis in axes))


def layer_norm(s: Site) -> Made:
    """y = γ·x̂ + β, x̂ = (x − μ)/σ over the last axes; ∂L/∂x = (ĝ − mean ĝ − x̂·mean(ĝ·x̂))/σ, as in rules/norm.py."""
    axes = last_axes(s)
    centred = s("sub", s.input, average(s, s.input, axes))
    return normalised(s, axes, centred, s.eps, lambda g: s("sub", g, average(s, g, axes)))


def rms_norm(s: Site) -> Made:
    """y = γ·x/√(mean x² + ε): layer norm without μ and β."""
    eps = torch.finfo(s.call.output.dtype).eps if s.eps is None else s.eps
    return normalised(s, last_axes(s), s.input, eps, lambda g: g)


def last_axes(s: Site) -> Shape:
    count = len(s.normalized_shape)
    s.need(s.input.over == "batch" and count <= len(s.input.shape), "it normalises over the samples")
    return tuple(range(len(s.input.shape) - count, len(s.input.shape)))


def normalised(s: Site, axes: Shape, centred: Node, eps: float, less_mean: Any) -> Made:
    variance = average(s, s("mul", centred, centred), axes)
    inverse = s("div", 1.0, s("sqrt", s("add", variance, eps)))
    normal = s("mul", centred, inverse)
    weight, bias = s.call.arguments.get("weight"), s.call.arguments.get("bias")
    y = normal if weight is None else s("mul", normal, s.weight)
    y = y if bias is None else s("add", y, s.bias)

    def adjoint(g: Node) -> dict[str, Any]:
        g = s.full(g, y)
        gradients = {} if bias is None else {"bias": s.sum_to(g, y, s.bias)}
        if weight is not None:
            gradients["weight"] = s.sum_to(s("mul", g, normal), y, s.weight)
            g = s("mul", g, s.weight)
        along = s("mul", normal, average(s, s("mul", g, normal), axes))
        return gradients | {"input": s("mul", s("sub", less_mean(g), along), inverse)}

    return y, adjoint


# ---------------------------------------------------------------- dropout and embedding


def dropout(s: Site) -> Made:
    """x times a mask that torch's own generator draws (native/clock.py draws it where eager training would).

    dropout2d has one number for each channel, so that the mask is smaller than x.
    """
    s.need(s.input.over == "batch", "it drops parameters, not activations")
    s.need("factor" in s.call.saved, "its mask was not kept")
    mask = s.leaves.mask(tuple(s.call.saved["factor"].shape[1:]), s.p)
    return s("mul", s.input, mask), lambda g: {"input": s("mul", g, mask)}


def embedding(s: Site) -> Made:
    """Rows of the table; the row padding_idx gets no gradient."""
    s.need(s.max_norm is None and not s.scale_grad_by_freq and not s.sparse, "it rescales rows or gradients")
    s.need(s.input.kind == "index" and s.input.over == "batch", "its indices are not those of the batch")
    rows = s.weight.shape[0]
    s.need_within(s.input, rows)
    y = s("take_rows", s.input, s.weight)

    def adjoint(g: Node) -> dict[str, Any]:
        gradient = s("add_rows", s.input, s.full(g, y), rows=rows)
        if s.padding_idx is not None:
            others = torch.ones(rows, 1)
            others[s.padding_idx] = 0
            gradient = s("mul", gradient, s.leaves.fixed(f"all_rows_but_{s.padding_idx % rows}", others))
        return {"weight": gradient}

    return y, adjoint
