"""Sums, means and other statistics over axes.

The adjoint of a sum is the spreading of its gradient over what was summed; every other reduction spreads its
gradient too, and multiplies by its own partial.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from chainrule.formula import Index, Number, Sum, Symbol, Words, symbols, where
from chainrule.formula.tree import Formula, exp, log, sqrt
from chainrule.rules.rule import Adjoint, Bound, Gradients, Tensor, named, rule, x, y

i, j = symbols("i j")
N = Symbol("N")
mu = Symbol("mean", "μ", r"\mu")
correction = Symbol("correction", "c", "c")
ONE = Number(1)
xi = Index(x, (i,))


def axes_of(dim: Any, rank: int) -> list[int]:
    """The reduced axes; None and an empty list mean all."""
    if rank == 0:
        return []
    axes = [dim] if isinstance(dim, int) else list(dim) if dim is not None else []
    return sorted(axis % rank for axis in axes) or list(range(rank))


def spread(g: Tensor, shape: Any, dim: Any, keepdim: bool) -> Tensor:
    """The gradient of a reduced tensor, expanded back to the shape before the reduction."""
    return aligned(g, shape, dim, keepdim).expand(shape)


def aligned(g: Tensor, shape: Any, dim: Any, keepdim: bool) -> Tensor:
    """A reduced tensor with its reduced axes put back, of length 1."""
    if not keepdim and g.dim():
        for axis in axes_of(dim, len(shape)):
            g = g.unsqueeze(axis)
    return g


def complex_numbers(c: Bound) -> str:
    return "complex numbers" if c.call.arguments["input"].dtype.is_complex else ""


# ---------------------------------------------------------------- sums


@rule("sum", "input, dim=None, keepdim=False, *, dtype=None", formula=Sum("i", xi), partials={"input": ONE})
def sum_(c: Bound, g: Tensor) -> Gradients:
    return {"input": spread(g.to(c.input.dtype), c.input.shape, c.dim, c.keepdim)}


@rule("mean", "input, dim=None, keepdim=False, *, dtype=None", formula=1 / N * Sum("i", xi), partials={"input": 1 / N})
def mean(c: Bound, g: Tensor) -> Gradients:
    count = c.input.numel() // max(g.numel(), 1)
    return {"input": spread((g / count).to(c.input.dtype), c.input.shape, c.dim, c.keepdim)}


@rule(
    "cumsum",
    "input, dim, *, dtype=None",
    formula=Sum("j≤i", Index(x, (j,))),
    partials={"input": where(j <= i, 1, 0)},
)
def cumsum(c: Bound, g: Tensor) -> Gradients:
    return {"input": g.flip(c.dim).cumsum(c.dim).flip(c.dim).to(c.input.dtype) if g.dim() else g}


@rule(
    "logsumexp",
    "input, dim, keepdim=False",
    functions="logsumexp special.logsumexp",
    formula=log(Sum("i", exp(xi))),
    partials={"input": exp(xi - y)},
    keeps="input output",
    declines=complex_numbers,
    magnitude=lambda c, m: softmax_times(c, m),
)
def logsumexp(c: Bound, g: Tensor) -> Gradients:
    return softmax_times(c, g)


def softmax_times(c: Bound, g: Tensor) -> Gradients:
    """exp(x − y) is the softmax."""
    y, g = (aligned(reduced, c.input.shape, c.dim, c.keepdim) for reduced in (c.output, g))
    return {"input": g * (c.input - y).exp()}


# ---------------------------------------------------------------- spread of the numbers


def count_less_correction(c: Bound) -> float:
    """N − c, where PyTorch subtracts c = 1 by default (Bessel)."""
    shape = c.call.arguments["input"].shape
    count: int = math.prod(shape[axis] for axis in axes_of(moments_dim(c), len(shape)))
    return count - float(unbiased(c) if c.correction is None else c.correction)


def moments_dim(c: Bound) -> Any:
    return None if isinstance(c.dim, bool) else c.dim


def unbiased(c: Bound) -> bool:
    """torch.var(x, False) and torch.var(x, 0, False), the older spellings."""
    return bool(c.dim if isinstance(c.dim, bool) else c.unbiased is None or c.unbiased)


def too_few(c: Bound) -> str:
    return "no more numbers than the correction" if count_less_correction(c) <= 0 else complex_numbers(c)


def moments_vjp(c: Bound, factor: Tensor, positive: bool) -> Gradients:
    """factor · (x − μ), or with every term positive factor · (|x| + |μ|)."""
    centre = c.input.mean(axes_of(moments_dim(c), c.input.dim()), keepdim=True)
    offset = c.input.abs() + centre.abs() if positive else c.input - centre
    return {"input": aligned(factor, c.input.shape, moments_dim(c), c.keepdim) * offset}


def var_vjp(c: Bound, g: Tensor, positive: bool = False) -> Gradients:
    return moments_vjp(c, g * (2 / count_less_correction(c)), positive)


def std_vjp(c: Bound, g: Tensor, positive: bool = False) -> Gradients:
    # PyTorch's convention: slope 0 where all numbers are equal
    factor = (1 / (c.output * count_less_correction(c))).masked_fill(c.output == 0, 0)
    return moments_vjp(c, g * factor, positive)


MOMENTS = "input, dim=None, unbiased=None, keepdim=False, *, correction=None"
VARIANCE = 1 / (N - correction) * Sum("i", (xi - mu) ** 2)
var = rule(
    "var",
    MOMENTS,
    formula=VARIANCE,
    partials={"input": 2 * (xi - mu) / (N - correction)},
    keeps="input",
    declines=too_few,
    magnitude=lambda c, m: var_vjp(c, m, positive=True),
)(var_vjp)
std = rule(
    "std",
    MOMENTS,
    formula=sqrt(VARIANCE),
    partials={"input": (xi - mu) / ((N - correction) * y)},
    keeps="input output",
    declines=too_few,
    magnitude=lambda c, m: std_vjp(c, m, positive=True),
)(std_vjp)


def norm_vjp(c: Bound, g: Tensor) -> Gradients:
    y = aligned(c.output, c.input.shape, c.dim, c.keepdim)
    g = aligned(g, c.input.shape, c.dim, c.keepdim)
    return {"input": g * c.input * (1 / y).masked_fill(y == 0, 0)}


def euclidean_norm(name: str, signature: str, functions: str, covers: Callable[[Bound], bool]) -> Adjoint:
    def declines(c: Bound) -> str:
        if c.dtype is not None:
            return "another dtype"
        return complex_numbers(c) if covers(c) else "a norm other than √Σx²"

    return rule(
        name,
        signature,
        functions=functions,
        formula=sqrt(Sum("i", xi**2)),
        partials={"input": xi / y},
        keeps="input output",
        declines=declines,
        note="slope 0 where y = 0, as PyTorch",
    )(norm_vjp)


norm = euclidean_norm(
    "norm",
    "input, p='fro', dim=None, keepdim=False, dtype=None",
    "torch.norm Tensor.norm",
    lambda c: c.p in (2, "fro", None),
)
vector_norm = euclidean_norm(
    "vector_norm",
    "input, ord=2, dim=None, keepdim=False, *, dtype=None",
    "linalg.vector_norm",
    lambda c: c.ord == 2,
)
linalg_norm = euclidean_norm(
    "linalg_norm",
    "input, ord=None, dim=None, keepdim=False, *, dtype=None",
    "linalg.norm",
    lambda c: c.ord is None or (c.ord == 2 and (isinstance(c.dim, int) or c.input.dim() == 1)),
)

matrix_norm = euclidean_norm(
    "matrix_norm",
    "input, ord='fro', dim=(-2, -1), keepdim=False, *, dtype=None",
    "linalg.matrix_norm",
    lambda c: c.ord == "fro",
)

# ---------------------------------------------------------------- the largest, the smallest


def shared_vjp(c: Bound, g: Tensor) -> Gradients:
    """Equal numbers share the gradient evenly, as PyTorch."""
    arguments = c.call.arguments
    dim, keepdim = arguments.get("dim"), bool(arguments.get("keepdim"))
    y = aligned(c.output, c.input.shape, dim, keepdim)
    equal = c.input == y
    counted = equal.sum(axes_of(dim, c.input.dim()), keepdim=True) if c.input.dim() else equal.sum()
    return {"input": equal * (aligned(g, c.input.shape, dim, keepdim) / counted)}


def shared_extreme(name: str, signature: str, function: str, formula: Formula, words: str) -> Adjoint:
    return rule(
        name,
        signature,
        functions=function,
        formula=formula,
        partials={"input": where(Words(words), 1, 0)},
        keeps="input output",
        note="equal numbers share the gradient evenly, as PyTorch",
        declines=lambda c: "" if c.call.arguments["input"].dtype.is_floating_point else "not real numbers",
        magnitude=shared_vjp,
    )(shared_vjp)


LARGEST, SMALLEST = named("max", x), named("min", x)
max_all = shared_extreme("max", "input", "max", LARGEST, "the largest")
min_all = shared_extreme("min", "input", "min", SMALLEST, "the smallest")
amax = shared_extreme("amax", "input, dim=None, keepdim=False", "amax", LARGEST, "the largest")
amin = shared_extreme("amin", "input, dim=None, keepdim=False", "amin", SMALLEST, "the smallest")


def extreme_along_axis(name: str, function: str, formula: Formula, words: str) -> Adjoint:
    """(values, indices) along one axis; of equal numbers the one at the returned index gets the gradient."""

    def vjp(c: Bound, g: Tensor, *_: Any) -> Gradients:
        indices = getattr(torch, function)(c.input, c.dim, keepdim=True).indices
        g = aligned(g, c.input.shape, c.dim, c.keepdim)
        return {"input": g.new_zeros(c.input.shape).scatter(c.dim, indices, g)}

    return rule(
        name,
        "input, dim, keepdim=False",
        functions=function,
        formula=formula,
        partials={"input": where(Words(words), 1, 0)},
        keeps="input",
        declines=lambda c: "" if type(c.dim) is int else "no axis",
        magnitude=vjp,
    )(vjp)


max_along_axis = extreme_along_axis("max_along_axis", "max", LARGEST, "the largest")
min_along_axis = extreme_along_axis("min_along_axis", "min", SMALLEST, "the smallest")


def aminmax_vjp(c: Bound, *upstream: Tensor | None) -> Gradients:
    total: Tensor | None = None
    for function, g in zip((torch.amin, torch.amax), upstream, strict=True):
        if g is None:
            continue
        axes = axes_of(c.dim, c.input.dim())
        extreme = function(c.input, axes, keepdim=True) if axes else c.input
        equal = c.input == extreme
        counted = equal.sum(axes, keepdim=True) if axes else equal
        part = equal * (aligned(g, c.input.shape, c.dim, c.keepdim) / counted)
        total = part if total is None else total + part
    return {"input": total}


aminmax = rule(
    "aminmax",
    "input, *, dim=None, keepdim=False",
    formula=named("min, max", x),
    partials={"input": where(Words("the smallest, the largest"), 1, 0)},
    keeps="input",
    note="equal numbers share the gradient evenly, as PyTorch",
    magnitude=aminmax_vjp,
)(aminmax_vjp)


def median_vjp(c: Bound, g: Tensor) -> Gradients:
    """PyTorch shares the gradient evenly among the numbers that equal the median."""
    equal = (c.input == c.output) | (c.input.isnan() & c.output.isnan())
    return {"input": equal * (g / equal.sum())}


median = rule(
    "median",
    "input",
    functions="median nanmedian",
    formula=named("median", x),
    partials={"input": where(Words("the median"), 1, 0)},
    keeps="input output",
    note="equal numbers share the gradient evenly, as PyTorch",
    magnitude=median_vjp,
)(median_vjp)

# ---------------------------------------------------------------- products


def others_multiplied(values: Tensor) -> Tensor:
    """The product of all other numbers along the last axis, without a division: right where some are 0."""
    ones = torch.ones_like(values[..., :1])
    before = torch.cat([ones, values[..., :-1]], -1).cumprod(-1)
    after = torch.cat([values[..., 1:], ones], -1).flip(-1).cumprod(-1).flip(-1)
    return before * after


def prod_vjp(c: Bound, g: Tensor) -> Gradients:
    if c.dim is None:
        return {"input": g.to(c.input.dtype) * others_multiplied(c.input.reshape(-1)).reshape(c.input.shape)}
    if not c.input.dim():
        return {"input": g.to(c.input.dtype)}
    others = others_multiplied(c.input.movedim(c.dim, -1)).movedim(-1, c.dim)
    return {"input": aligned(g, c.input.shape, c.dim, c.keepdim).to(c.input.dtype) * others}


prod = rule(
    "prod",
    "input, dim=None, keepdim=False, *, dtype=None",
    formula=named("Π", x),
    partials={"input": named("Π", Words("the others"))},
    keeps="input",
    declines=complex_numbers,
)(prod_vjp)


def cumprod_vjp(c: Bound, g: Tensor) -> Gradients:
    """Σ_{i≥j} g_i·y_i, divided by x_j."""
    if not g.dim():
        return {"input": g.to(c.input.dtype)}
    return {"input": (g * c.output).flip(c.dim).cumsum(c.dim).flip(c.dim).to(c.input.dtype) / c.input}


cumprod = rule(
    "cumprod",
    "input, dim, *, dtype=None",
    formula=named("Π", Index(x, (Words("j ≤ i"),))),
    partials={"input": where(j <= i, Index(y, (i,)) / Index(x, (j,)), 0)},
    keeps="input output",
    declines=lambda c: complex_numbers(c) or ("a factor 0" if bool((c.input == 0).any()) else ""),
)(cumprod_vjp)

# ---------------------------------------------------------------- sums that leave nan out


def sum_of_numbers(c: Bound, g: Tensor) -> Gradients:
    spreaded = spread(g.to(c.input.dtype), c.input.shape, c.dim, c.keepdim)
    return {"input": spreaded.masked_fill(c.input.isnan(), 0)}


def mean_of_numbers(c: Bound, g: Tensor) -> Gradients:
    present = ~c.input.isnan()
    axes = axes_of(c.dim, c.input.dim())
    count = present.sum(axes, keepdim=True) if axes else present
    share = (aligned(g, c.input.shape, c.dim, c.keepdim) / count).to(c.input.dtype)
    return {"input": share.expand(c.input.shape).masked_fill(~present, 0)}


NUMBERS = "input, dim=None, keepdim=False, *, dtype=None"
is_number = Words("not nan")
nansum = rule(
    "nansum", NUMBERS, formula=Sum("i", xi), partials={"input": where(is_number, 1, 0)}, keeps="input", symbol="nansum"
)(sum_of_numbers)
nanmean = rule(
    "nanmean",
    NUMBERS,
    formula=1 / N * Sum("i", xi),
    partials={"input": where(is_number, 1 / N, 0)},
    keeps="input",
    symbol="nanmean",
    magnitude=mean_of_numbers,
)(mean_of_numbers)

# ---------------------------------------------------------------- two statistics at once


def with_mean(name: str, first: Callable[..., Gradients], formula: Formula, partial: Formula, keeps: str) -> Adjoint:
    """(variance or deviation, mean)."""

    def both(c: Bound, by_first: Tensor | None, by_mean: Tensor | None, positive: bool) -> Gradients:
        shape, dim = c.input.shape, moments_dim(c)
        parts = [] if by_first is None else [first(c, by_first, positive)["input"]]
        if by_mean is not None:
            count = math.prod(shape[axis] for axis in axes_of(dim, len(shape)))
            parts.append(spread(by_mean / count, shape, dim, c.keepdim))
        return {"input": sum(parts[1:], parts[0])}

    return rule(
        name,
        MOMENTS,
        formula=formula,
        partials={"input": partial},
        keeps=keeps,
        declines=too_few,
        magnitude=lambda c, *m: both(c, m[0], m[1], positive=True),
        note="(the statistic, the mean)",
    )(lambda c, *g: both(c, g[0], g[1], positive=False))


var_mean = with_mean("var_mean", var_vjp, VARIANCE, 2 * (xi - mu) / (N - correction), "input")
std_mean = with_mean("std_mean", std_vjp, sqrt(VARIANCE), (xi - mu) / ((N - correction) * y), "input output")
