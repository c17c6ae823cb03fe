"""Convolution and pooling of images (channels, height, width)."""

from __future__ import annotations

from typing import Any

from chainrule.native.forms.site import Made, Site
from chainrule.native.graph import Node, Pair


def pair(value: Any) -> Pair:
    """torch's one number for both axes, or two."""
    both = (value, value) if isinstance(value, int) else tuple(value)
    return both if len(both) == 2 else both * 2


def conv2d(s: Site) -> Made:
    x, w = s.input, s.weight
    s.need(x.over == "batch" and len(x.shape) == 3 and w.over == "one", "it is no convolution of a batch of images")
    s.need(not isinstance(s.padding, str) or s.padding == "valid", f"padding={s.padding!r}")
    padding = (0, 0) if s.padding == "valid" else pair(s.padding)
    how = {"stride": pair(s.stride), "padding": padding, "dilation": pair(s.dilation), "groups": s.groups}
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
