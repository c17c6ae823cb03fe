"""Convolution and pooling of images (channels, height, width)."""

from __future__ import annotations

from math import prod
from typing import Any

import torch

from chainrule.native.forms.site import Made, Site
from chainrule.native.graph import Node, Pair


def pair(value: Any) -> Pair:
    """torch's one number for both axes, or two."""
    both = (value, value) if isinstance(value, int) else tuple(value)
    return both if len(both) == 2 else both * 2


def conv2d(s: Site) -> Made:
    x, w = s.input, s.weight
    s.need(x.over == "batch" and len(x.shape) == 3 and w.over == "one", "it is no convolution of a batch of images")
    dilation = pair(s.dilation)
    around = [step * (size - 1) for step, size in zip(dilation, w.shape[2:], strict=True)]  # in all, of "same"
    s.need(s.padding != "same" or not any(size % 2 for size in around), "more padding at one side than at the other")
    given = {"valid": (0, 0), "same": (around[0] // 2, around[1] // 2)}
    padding = given[s.padding] if isinstance(s.padding, str) else pair(s.padding)
    how = {"stride": pair(s.stride), "padding": padding, "dilation": dilation, "groups": s.groups}
    z = s("conv2d", x, w, **how)
    bias = None if s.bias is None else s("reshape", s.bias, shape=(*s.bias.shape, 1, 1))
    y = z if bias is None else s("add", z, bias)

    def adjoint(g: Node) -> dict[str, Any]:
        gradients: dict[str, Any] = {}
        if bias is not None:
            gradients["bias"] = s("reshape", s.sum_to(g, y, bias), shape=s.bias.shape)
        g = s.full(g, y)
        gradients["input"] = s("conv2d_input", g, w, shape=x.shape, **how)
        gradients["weight"] = s("conv2d_weight", g, x, shape=w.shape, **how)
        return gradients

    return y, adjoint


def max_pool2d(s: Site) -> Made:
    x = s.input
    s.need(x.over == "batch" and len(x.shape) == 3, "it pools no batch of images")
    s.need(not s.ceil_mode and not s.return_indices, "ceil_mode, or its indices are asked for")
    kernel = pair(s.kernel_size)
    how = {
        "kernel": kernel,
        "stride": pair(s.stride) if s.stride else kernel,
        "padding": pair(s.padding),
        "dilation": pair(s.dilation),
    }
    y = s("max_pool2d", x, **how)
    return y, lambda g: {"input": s("max_pool2d_input", s.full(g, y), x, **how)}


def avg_pool2d(s: Site) -> Made:
    x, kernel = s.input, pair(s.kernel_size)
    padding = pair(s.padding)
    s.need(x.over == "batch" and len(x.shape) == 3, "it pools no batch of images")
    s.need(not s.ceil_mode and s.divisor_override is None, "ceil_mode, or a divisor of its own")
    s.need(s.count_include_pad or padding == (0, 0), "what lies in the padding is not counted")
    return averaged(s, x, kernel, pair(s.stride) if s.stride else kernel, padding)


def adaptive_avg_pool2d(s: Site) -> Made:
    """Where every part of the image has the same size; where there is one part, a sum."""
    x = s.input
    s.need(x.over == "batch" and len(x.shape) == 3, "it pools no batch of images")
    _, height, width = s.call.output.shape[-3:]
    equal = height and width and x.shape[1] % height == 0 and x.shape[2] % width == 0
    s.need(bool(equal), "its parts differ in size")
    if (height, width) != (1, 1):
        kernel = x.shape[1] // height, x.shape[2] // width
        return averaged(s, x, kernel, kernel, (0, 0))
    share = 1 / prod(x.shape[1:])
    y = s("mul", s("sum", x, axes=(1, 2), keepdims=True), share)
    return y, lambda g: {"input": s("broadcast", s("mul", s.full(g, y), share), shape=x.shape)}


def averaged(s: Site, x: Node, kernel: Pair, stride: Pair, padding: Pair) -> Made:
    """A convolution of each channel with equal weights."""
    equal = torch.full((x.shape[0], 1, *kernel), 1 / prod(kernel), dtype=torch.float64)
    w = s.leaves.fixed(f"average{tuple(equal.shape)}", equal)
    how = {"stride": stride, "padding": padding, "dilation": (1, 1), "groups": x.shape[0]}
    y = s("conv2d", x, w, **how)
    return y, lambda g: {"input": s("conv2d_input", s.full(g, y), w, shape=x.shape, **how)}
