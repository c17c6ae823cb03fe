"""Norms other than the Euclidean, and distances between vectors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from chainrule.formula import Index, Sum, Symbol, Words, symbols
from chainrule.formula.tree import absolute, sqrt
from chainrule.rules.reduce import aligned, axes_of, complex_numbers
from chainrule.rules.rule import Adjoint, Bound, Gradients, Tensor, named, rule, sum_to, x, y

i, k, n, m = symbols("i k n m")
p = Symbol("p")
xi = Index(x, (i,))


def norm_partial(values: Tensor, norm: Tensor, order: float, axes: list[int]) -> Tensor:
    """∂‖x‖/∂x; slope 0 where the norm is 0, and of several largest each an even share, as PyTorch."""
    if order == 0:
        return torch.zeros_like(values)
    if order == 1:
        return values.sgn()
    if math.isinf(order):
        equal = (values.abs() == norm) | (values.isnan() & norm.isnan())
        counted = equal.sum(axes, keepdim=True) if axes else equal
        return values.sgn() * equal / counted
    if order < 1:
        scaled = values.sgn() * values.abs() ** (order - 1)
        scaled = scaled.masked_fill(values == 0, 0)
        return scaled * norm ** (1 - order)
    ratio = (values.abs() / norm).masked_fill(norm == 0, 0)
    return values.sgn() * ratio ** (order - 1)


def power_norm(name: str, signature: str, functions: str, order: str, covers: Callable[[Bound], bool]) -> Adjoint:
    def vjp(c: Bound, g: Tensor) -> Gradients:
        shape, axes = c.input.shape, axes_of(c.dim, c.input.dim())
        norm, g = (aligned(t, shape, c.dim, c.keepdim) for t in (c.output, g))
        return {"input": g * norm_partial(c.input, norm, float(getattr(c, order)), axes)}

    def declines(c: Bound) -> str:
        if c.dtype is not None:
            return "another dtype"
        return complex_numbers(c) if covers(c) else "a norm of matrices, or the Euclidean"

    return rule(
        name,
        signature,
        functions=functions,
        formula=Sum("i", absolute(xi) ** p) ** (1 / p),
        partials={"input": (absolute(xi) / y) ** (p - 1) * Words("sign(x_i)")},
        keeps="input output",
        declines=declines,
        note="slope 0 where y = 0, as PyTorch",
    )(vjp)


def is_number(order: Any) -> bool:
    return isinstance(order, int | float) and order != 2


norm_p = power_norm(
    "norm_p",
    "input, p='fro', dim=None, keepdim=False, dtype=None",
    "torch.norm Tensor.norm",
    "p",
    lambda c: is_number(c.p),
)
vector_norm_p = power_norm(
    "vector_norm_p",
    "input, ord=2, dim=None, keepdim=False, *, dtype=None",
    "linalg.vector_norm",
    "ord",
    lambda c: is_number(c.ord),
)
linalg_norm_p = power_norm(
    "linalg_norm_p",
    "input, ord=None, dim=None, keepdim=False, *, dtype=None",
    "linalg.norm",
    "ord",
    lambda c: is_number(c.ord) and (isinstance(c.dim, int) or len(c.call.arguments["input"].shape) == 1),
)

# ---------------------------------------------------------------- distances

other = Symbol("other", "b", "b")
x1, x2 = Symbol("x1", "a"), Symbol("x2", "b")
eps = Symbol("eps", "ε", r"\varepsilon")


def dist_vjp(c: Bound, g: Tensor) -> Gradients:
    gap = c.input - c.other
    found = g * norm_partial(gap, c.output, float(c.p), list(range(gap.dim())))
    return both(c, found, "input", "other")


def both(c: Bound, found: Tensor, first: str, second: str) -> Gradients:
    """The gradient of a difference: to its first term, and with the other sign to the second."""
    gradients: Gradients = {}
    if c.needs(first):
        gradients[first] = sum_to(found, c.call.arguments[first].shape)
    if c.needs(second):
        gradients[second] = sum_to(-found, c.call.arguments[second].shape)
    return gradients


def sizes_of_both(c: Bound, found: Tensor, first: str, second: str) -> Gradients:
    return {name: g.abs() for name, g in both(c, found.abs(), first, second).items()}


def rounding_of_gap(c: Bound, first: Tensor, second: Tensor, scale: Tensor) -> Tensor:
    """(|a| + |b|)/‖a − b‖: how rounding the difference weighs."""
    return ((first.abs() + second.abs()) / scale).nan_to_num(0, 0, 0)


dist = rule(
    "dist",
    "input, other, p=2",
    formula=named("norm", x - other),
    partials={"input": (x - other) / y, "other": (other - x) / y},
    keeps="input other output",
    declines=complex_numbers,
    note="for p = 2",
    magnitude=lambda c, m: sizes_of_both(c, m * (1 + rounding_of_gap(c, c.input, c.other, c.output)), "input", "other"),
)(dist_vjp)


def pairwise_gap(c: Bound) -> Tensor:
    return c.x1 - c.x2 + c.eps  # type: ignore[no-any-return]


def pairwise_vjp(c: Bound, g: Tensor) -> Gradients:
    norm, g = (t if c.keepdim else t.unsqueeze(-1) for t in (c.output, g))
    return both(c, g * norm_partial(pairwise_gap(c), norm, float(c.p), [-1]), "x1", "x2")


def pairwise_size(c: Bound, m: Tensor) -> Gradients:
    norm, m = (t if c.keepdim else t.unsqueeze(-1) for t in (c.output, m))
    return sizes_of_both(c, m * (1 + rounding_of_gap(c, c.x1, c.x2, norm)), "x1", "x2")


pairwise_distance = rule(
    "pairwise_distance",
    "x1, x2, p=2.0, eps=1e-06, keepdim=False",
    functions="F.pairwise_distance",
    formula=named("norm", x1 - x2 + eps),
    partials={"x1": (x1 - x2 + eps) / y, "x2": -(x1 - x2 + eps) / y},
    keeps="x1 x2 output",
    note="for p = 2",
    magnitude=pairwise_size,
)(pairwise_vjp)


def cdist_vjp(c: Bound, g: Tensor, positive: bool = False) -> Gradients:
    """w·(a − b) summed over the other side, with w = g/‖a − b‖."""
    first, second = c.x1, c.x2
    if c.p != 2:
        gap = first.unsqueeze(-2) - second.unsqueeze(-3)
        found = g.unsqueeze(-1) * norm_partial(gap, c.output.unsqueeze(-1), float(c.p), [-1])
        found = found.abs() if positive else found
        sums = {"x1": found.sum(-2), "x2": found.sum(-3) if positive else -found.sum(-3)}
        return {name: sum_to(s, c.call.arguments[name].shape) for name, s in sums.items() if c.needs(name)}
    w = g * (1 / c.output).masked_fill(c.output == 0, 0)
    if positive:
        first, second, sign = first.abs(), second.abs(), 1
    else:
        sign = -1
    gradients: Gradients = {}
    if c.needs("x1"):
        gradients["x1"] = sum_to(first * w.sum(-1, keepdim=True) + sign * (w @ second), c.x1.shape)
    if c.needs("x2"):
        gradients["x2"] = sum_to(second * w.sum(-2).unsqueeze(-1) + sign * (w.mT @ first), c.x2.shape)
    return gradients


cdist = rule(
    "cdist",
    "x1, x2, p=2.0, compute_mode=None",
    functions="torch.cdist",
    formula=sqrt(Sum("k", (Index(x1, (n, k)) - Index(x2, (m, k))) ** 2)),
    partials={
        "x1": (Index(x1, (n, k)) - Index(x2, (m, k))) / y,
        "x2": (Index(x2, (m, k)) - Index(x1, (n, k))) / y,
    },
    keeps="x1 x2 output",
    note="for p = 2; slope 0 where y = 0, as PyTorch",
    magnitude=lambda c, m: cdist_vjp(c, m, positive=True),
)(cdist_vjp)


def cosine_vjp(c: Bound, g: Tensor, positive: bool = False) -> Gradients:
    """∂y/∂a = (b/‖b‖ − y·a/‖a‖)/‖a‖; a norm below ε counts as ε, and is then a constant."""
    g, y = g.unsqueeze(c.dim), c.output.unsqueeze(c.dim)
    gradients: Gradients = {}
    shape = torch.broadcast_shapes(c.x1.shape, c.x2.shape)
    a, b = c.x1.expand(shape), c.x2.expand(shape)
    for name, mine, others in (("x1", a, b), ("x2", b, a)):
        if not c.needs(name):
            continue
        size, theirs = (torch.linalg.vector_norm(t, dim=c.dim, keepdim=True) for t in (mine, others))
        away, along = others / theirs.clamp_min(c.eps), y * mine / size
        along = along.masked_fill(size < c.eps, 0)
        found = away.abs() + along.abs() if positive else away - along
        gradients[name] = sum_to(g * found / size.clamp_min(c.eps), c.call.arguments[name].shape)
    return gradients


cosine_similarity = rule(
    "cosine_similarity",
    "x1, x2, dim=1, eps=1e-08",
    functions="torch.cosine_similarity F.cosine_similarity",
    formula=Sum("i", Index(x1, (i,)) * Index(x2, (i,))) / (named("norm", x1) * named("norm", x2)),
    partials={
        "x1": (x2 / named("norm", x2) - y * x1 / named("norm", x1)) / named("norm", x1),
        "x2": (x1 / named("norm", x1) - y * x2 / named("norm", x2)) / named("norm", x2),
    },
    keeps="x1 x2 output",
    symbol="cos",
    magnitude=lambda c, m: cosine_vjp(c, m, positive=True),
)(cosine_vjp)
