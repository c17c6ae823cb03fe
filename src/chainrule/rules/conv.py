"""Convolution and pooling: sums of products, means and maxima over windows that slide over the input.

y[n,o,i] = Σ_{c,k} x[n,c,s·i+k]·W[o,c,k] + b[o] is linear in x and in W, so its vjp is the same sum with the roles
exchanged: the transposed convolution of the gradient with W for x, the correlation of x with the gradient for W.
The correlation is left to torch.nn.grad, which calls PyTorch's own kernel (aten::convolution_backward): on a CPU
F.conv2d with the axes exchanged takes 1.2 to 7 times as long, unfold and matmul 2 to 7 times. So autograd checks this
part against itself; the tests compare it with the plain sum and with difference quotients.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F
from torch.nn import grad as correlation

from chainrule.formula import Index, Number, Sum, Symbol, Words, symbols, where
from chainrule.rules.resize import along_axes, pooling_matrix, window_matrix
from chainrule.rules.rule import Adjoint, Bound, Gradients, Tensor, named, rule, x

w = Symbol("weight", "W", "W")
bias = Symbol("bias", "b", "b")
s, n, o, ch, i, k = symbols("s n o c i k")
ONE = Number(1)
K = Symbol("K")

Kernel: TypeAlias = Callable[..., Tensor]
CONVOLVE: dict[int, Kernel] = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED: dict[int, Kernel] = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
CORRELATE: dict[int, Kernel] = {
    1: correlation.conv1d_weight,
    2: correlation.conv2d_weight,
    3: correlation.conv3d_weight,
}


def per_axis(given: Any, axes: int) -> tuple[int, ...]:
    """A window's size, stride, ... for each axis; a single number holds for all."""
    numbers = (given,) if isinstance(given, int) else tuple(given)
    return numbers * axes if len(numbers) == 1 else numbers


def negative(sizes: list[int]) -> list[int]:
    return [-size for size in sizes]


# ---------------------------------------------------------------- convolution


def padding_of(c: Bound, axes: int) -> tuple[tuple[int, ...], list[int]]:
    """The padding on both sides, and what "same" adds on the right, in F.pad's order (last axis first)."""
    if c.padding == "valid":
        return (0,) * axes, []
    if c.padding == "same":
        dilation, kernel = per_axis(c.dilation, axes), c.call.arguments["weight"].shape[2:]
        total = [d * (size - 1) for d, size in zip(dilation, kernel, strict=True)]
        extra = [part for t in reversed(total) for part in (0, t % 2)]
        return tuple(t // 2 for t in total), extra if any(extra) else []
    return per_axis(c.padding, axes), []


def convolution_vjp(c: Bound, g: Tensor, axes: int) -> Gradients:
    full, weight = c.input, c.weight
    unbatched = full.dim() == axes + 1
    if unbatched:
        full, g = full.unsqueeze(0), g.unsqueeze(0)
    stride, dilation = per_axis(c.stride, axes), per_axis(c.dilation, axes)
    padding, extra = padding_of(c, axes)
    if extra:
        full = F.pad(full, extra)
    gradients: Gradients = {}
    if c.needs("input"):
        # Positions at the end that no window reached.
        missed = [
            full.shape[2 + a]
            - ((g.shape[2 + a] - 1) * stride[a] - 2 * padding[a] + dilation[a] * (weight.shape[2 + a] - 1) + 1)
            for a in range(axes)
        ]
        back = TRANSPOSED[axes](g, weight, None, stride, padding, missed, c.groups, dilation)
        back = F.pad(back, negative(extra)) if extra else back
        gradients["input"] = back.squeeze(0) if unbatched else back
    if c.needs("weight"):
        gradients["weight"] = CORRELATE[axes](full, weight.shape, g, stride, padding, dilation, c.groups)
    if c.needs("bias"):
        gradients["bias"] = g.sum([0, *range(2, axes + 2)])
    return gradients


def transposed_convolution_vjp(c: Bound, g: Tensor, axes: int) -> Gradients:
    full, weight = c.input, c.weight
    unbatched = full.dim() == axes + 1
    if unbatched:
        full, g = full.unsqueeze(0), g.unsqueeze(0)
    settings = [per_axis(given, axes) for given in (c.stride, c.padding, c.dilation)]
    gradients: Gradients = {}
    if c.needs("input"):
        back = CONVOLVE[axes](g, weight, None, *settings, c.groups)
        gradients["input"] = back.squeeze(0) if unbatched else back
    if c.needs("weight"):
        gradients["weight"] = CORRELATE[axes](g, weight.shape, full, *settings, c.groups)
    if c.needs("bias"):
        gradients["bias"] = g.sum([0, *range(2, axes + 2)])
    return gradients


def convolution(axes: int) -> Adjoint:
    return rule(
        f"conv{axes}d",
        "input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1",
        functions=f"F.conv{axes}d",
        formula=Sum("c,k", Index(x, (n, ch, s * i + k)) * Index(w, (o, ch, k))) + Index(bias, (o,)),
        partials={"input": Index(w, (o, ch, k)), "weight": Index(x, (n, ch, s * i + k)), "bias": ONE},
        keeps="input weight",
    )(lambda c, g: convolution_vjp(c, g, axes))


def transposed_convolution(axes: int) -> Adjoint:
    def wide_output_padding(c: Bound) -> str:
        pairs = zip(per_axis(c.output_padding, axes), per_axis(c.stride, axes), strict=True)
        return "output_padding as large as the stride" if any(extra >= step for extra, step in pairs) else ""

    return rule(
        f"conv_transpose{axes}d",
        "input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1",
        functions=f"F.conv_transpose{axes}d",
        formula=Sum("c,k", Index(x, (n, ch, (i - k) / s)) * Index(w, (ch, o, k))) + Index(bias, (o,)),
        partials={"input": Index(w, (ch, o, k)), "weight": Index(x, (n, ch, (i - k) / s)), "bias": ONE},
        keeps="input weight",
        declines=wide_output_padding,
    )(lambda c, g: transposed_convolution_vjp(c, g, axes))


conv1d, conv2d, conv3d = convolution(1), convolution(2), convolution(3)
conv_transpose1d, conv_transpose2d, conv_transpose3d = (transposed_convolution(axes) for axes in (1, 2, 3))

# ---------------------------------------------------------------- the largest number of a window

WITH_INDICES = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}


def indices_of_largest(c: Bound, out: Tensor) -> dict[str, Tensor]:
    """The positions that PyTorch's own node keeps: finding them again takes as long as the pooling itself."""
    if torch._C._autograd._top_saved_tensors_default_hooks(False) is not None:
        return {}  # reading would run the user's hooks
    node = out.grad_fn
    return {"indices": node._saved_result1} if hasattr(node, "_saved_result1") else {}  # type: ignore[union-attr]


def max_pool_vjp(c: Bound, g: Tensor, axes: int) -> Gradients:
    """Each window's gradient goes to the number that was the largest, the first of equals."""
    indices = c.saved.get("indices")
    if indices is None:
        settings = (c.kernel_size, c.stride or None, c.padding, c.dilation, c.ceil_mode)
        _, indices = WITH_INDICES[axes](c.input, *settings, return_indices=True)
    shape = c.call.arguments["input"].shape
    gradient = g.new_zeros((*shape[:-axes], math.prod(shape[-axes:])))
    gradient.scatter_add_(-1, indices.flatten(-axes), g.flatten(-axes))
    return {"input": gradient.reshape(shape)}


def max_pool(axes: int) -> Adjoint:
    return rule(
        f"max_pool{axes}d",
        "input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False",
        functions=f"F.max_pool{axes}d torch.max_pool{axes}d F.max_pool{axes}d_with_indices",
        formula=named("max", Index(x, (s * i + k,))),
        partials={"input": where(Words("the largest of the window"), 1, 0)},
        keeps="input",
        symbol="maxpool",
        save=indices_of_largest,
        magnitude=lambda c, m, *_: max_pool_vjp(c, m, axes),
    )(lambda c, g, *_: max_pool_vjp(c, g, axes))


def adaptive_max_pool(axes: int) -> Adjoint:
    return rule(
        f"adaptive_max_pool{axes}d",
        "input, output_size, return_indices=False",
        functions=f"F.adaptive_max_pool{axes}d torch.adaptive_max_pool1d F.adaptive_max_pool{axes}d_with_indices"
        if axes == 1
        else f"F.adaptive_max_pool{axes}d F.adaptive_max_pool{axes}d_with_indices",
        formula=named("max", Index(x, (s * i + k,))),
        partials={"input": where(Words("the largest of the window"), 1, 0)},
        keeps="input",
        symbol="maxpool",
        magnitude=lambda c, m, *_: adaptive_max_pool_vjp(c, m, axes),
    )(lambda c, g, *_: adaptive_max_pool_vjp(c, g, axes))


def adaptive_max_pool_vjp(c: Bound, g: Tensor, axes: int) -> Gradients:
    _, indices = ADAPTIVE[axes](c.input, c.output_size, True)
    shape = c.call.arguments["input"].shape
    gradient = g.new_zeros((*shape[:-axes], math.prod(shape[-axes:])))
    gradient = gradient.scatter_add(-1, indices.flatten(-axes), g.flatten(-axes))
    return {"input": gradient.reshape(shape)}


ADAPTIVE: dict[int, Kernel] = {1: F.adaptive_max_pool1d, 2: F.adaptive_max_pool2d, 3: F.adaptive_max_pool3d}
max_pool1d, max_pool2d, max_pool3d = max_pool(1), max_pool(2), max_pool(3)
adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d = (adaptive_max_pool(axes) for axes in (1, 2, 3))

# ---------------------------------------------------------------- the mean of a window

MEAN = 1 / K * Sum("k", Index(x, (s * i + k,)))
AVERAGE: dict[int, Kernel] = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}


def spread_over_windows(g: Tensor, shape: Any, kernel: tuple[int, ...], stride: Any, padding: Any) -> Tensor:
    """The adjoint of the mean over windows: each number's gradient in equal parts to its window.

    Seen from x: the mean of the gradients, set at the distance of the stride, over a window that slides by 1.
    """
    axes = len(kernel)
    leading, sizes, grid = g.shape[:-axes], shape[-axes:], g.shape[-axes:]
    if kernel == stride and not any(padding):
        # Windows side by side: repeat each share over its window.
        share = (g / math.prod(kernel)).reshape(*leading, *(part for size in grid for part in (size, 1)))
        share = share.expand(*leading, *(part for pair in zip(grid, kernel, strict=True) for part in pair))
        share = share.reshape(*leading, *(a * b for a, b in zip(grid, kernel, strict=True)))
        missed = [part for size, done in zip(sizes, share.shape[-axes:], strict=True) for part in (size - done, 0)]
        return F.pad(share, missed[::-1]) if any(missed) else share
    apart = [(size - 1) * step + 1 for size, step in zip(grid, stride, strict=True)]
    spaced = g.new_zeros((*leading, *apart))
    every: list[Any] = [slice(None, None, step) for step in stride]
    spaced[(..., *every)] = g
    before = [size - 1 - pad for size, pad in zip(kernel, padding, strict=True)]
    sides = [
        part
        for size, window, done, first in zip(sizes, kernel, apart, before, strict=True)
        for part in (size + window - 1 - done - first, first)
    ]
    return AVERAGE[axes](F.pad(spaced, sides[::-1]), kernel, 1)


def avg_pool_vjp(c: Bound, g: Tensor, axes: int) -> Gradients:
    shape = c.call.arguments["input"].shape
    kernel = per_axis(c.kernel_size, axes)
    stride = per_axis(c.stride, axes) if c.stride else kernel
    padding = per_axis(c.padding, axes)
    divisor = c.call.arguments.get("divisor_override")
    if c.ceil_mode or divisor is not None:
        matrices = [
            window_matrix(n, k, s, p, bool(c.ceil_mode), bool(c.count_include_pad), None if divisor is None else 1, g)
            for n, k, s, p in zip(shape[-axes:], kernel, stride, padding, strict=True)
        ]
        return {"input": along_axes(g if divisor is None else g / divisor, matrices)}
    if any(padding) and not c.count_include_pad:
        # The mean is over the part of the window inside x.
        g = g / AVERAGE[axes](g.new_ones((1, *shape[-axes:])), kernel, stride, padding)
    return {"input": spread_over_windows(g, shape, kernel, stride, padding)}


def avg_pool(axes: int) -> Adjoint:
    divisor = "" if axes == 1 else ", divisor_override=None"

    return rule(
        f"avg_pool{axes}d",
        f"input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True{divisor}",
        functions=f"F.avg_pool{axes}d",
        formula=MEAN,
        partials={"input": 1 / K},
        symbol="avgpool",
    )(lambda c, g: avg_pool_vjp(c, g, axes))


avg_pool1d, avg_pool2d, avg_pool3d = avg_pool(1), avg_pool(2), avg_pool(3)


def adaptive_avg_pool(axes: int) -> Adjoint:
    def vjp(c: Bound, g: Tensor) -> Gradients:
        shape = c.call.arguments["input"].shape
        sizes = list(zip(shape[-axes:], g.shape[-axes:], strict=True))
        if any(not part or size % part for size, part in sizes):  # windows of unequal size
            return {"input": along_axes(g, [pooling_matrix(*both, g) for both in sizes])}
        kernel = tuple(size // part for size, part in zip(shape[-axes:], g.shape[-axes:], strict=True))
        return {"input": spread_over_windows(g, shape, kernel, kernel, (0,) * axes)}

    return rule(
        f"adaptive_avg_pool{axes}d",
        "input, output_size",
        functions=f"F.adaptive_avg_pool{axes}d",
        formula=MEAN,
        partials={"input": 1 / K},
        symbol="avgpool",
    )(vjp)


adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = (adaptive_avg_pool(axes) for axes in (1, 2, 3))
