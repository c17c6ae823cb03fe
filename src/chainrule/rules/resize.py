"""Interpolation and pooling to a given size: linear in x and separable, so a matrix for each axis says it all.

The matrix of an axis is what PyTorch makes of the identity: row i is the result for an x that is 1 at i, 0 elsewhere.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from chainrule.formula import Index, Sum, Symbol, symbols
from chainrule.rules.rule import Bound, Gradients, Tensor, rule, x

A = Symbol("A")
i, k = symbols("i k")
FLAT = {"linear": "bilinear", "trilinear": "bilinear"}  # the same along each axis


def pair_of(setting: Any, axis: int) -> Any:
    """A setting for one axis; None where it was not given."""
    return setting[axis] if isinstance(setting, list | tuple) else setting


def interpolation_matrix(c: Bound, axis: int, length: int, g: Tensor) -> Tensor:
    """(length of x, length of y) along one axis."""
    identity = torch.eye(length, dtype=g.dtype, device=g.device).reshape(1, 1, length, length)
    size, scale = pair_of(c.size, axis), pair_of(c.scale_factor, axis)
    made = F.interpolate(
        identity,
        size=None if size is None else (size, length),
        scale_factor=None if scale is None else (scale, 1.0),
        mode=FLAT.get(c.mode, c.mode),
        align_corners=c.align_corners,
        recompute_scale_factor=c.recompute_scale_factor,
        antialias=c.antialias,
    )
    return made[0, 0].mT


def along_axes(g: Tensor, matrices: list[Tensor]) -> Tensor:
    """A gradient taken back through a matrix for each of the last axes."""
    for axis, matrix in enumerate(matrices, -len(matrices)):
        g = (g.movedim(axis, -1) @ matrix.mT).movedim(-1, axis)
    return g


def interpolate_vjp(c: Bound, g: Tensor) -> Gradients:
    shape = c.call.arguments["input"].shape
    return {"input": along_axes(g, [interpolation_matrix(c, axis, n, g) for axis, n in enumerate(shape[2:])])}


def interpolate_sizes(c: Bound, m: Tensor) -> Gradients:
    shape = c.call.arguments["input"].shape
    return {"input": along_axes(m, [interpolation_matrix(c, axis, n, m).abs() for axis, n in enumerate(shape[2:])])}


interpolate = rule(
    "interpolate",
    "input, size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None, "
    "antialias=False",
    functions="F.interpolate",
    formula=Sum("k", Index(A, (i, k)) * Index(x, (k,))),
    partials={"input": Index(A, (i, k))},
    symbol="resize",
    note="linear in x; A holds the weights of the neighbours",
    declines=lambda c: "half precision" if c.call.outputs[0].dtype in (torch.float16, torch.bfloat16) else "",
    magnitude=interpolate_sizes,
)(interpolate_vjp)


def window_matrix(
    length: int, kernel: int, stride: int, padding: int, ceil: bool, pads: bool, divisor: int | None, g: Tensor
) -> Tensor:
    """The mean (with divisor 1 the sum) over sliding windows along one axis."""
    identity = torch.eye(length, dtype=g.dtype, device=g.device).reshape(1, 1, length, length)
    return F.avg_pool2d(identity, (1, kernel), (1, stride), (0, padding), ceil, pads, divisor)[0, 0]


def pooling_matrix(length: int, parts: int, g: Tensor) -> Tensor:
    return F.adaptive_avg_pool1d(torch.eye(length, dtype=g.dtype, device=g.device)[None], parts)[0]
