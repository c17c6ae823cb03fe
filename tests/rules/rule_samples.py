"""Calls of every torch function that has a rule, in float64: the usual ones, broadcast ones, kinks and corners."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

Tensor = torch.Tensor
RANDOM = torch.Generator().manual_seed(1)


@dataclass(frozen=True)
class Sample:
    """One call, the rule that must take it, and whether difference quotients make sense at that point."""

    rule: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    smooth: bool
    number: int

    def __repr__(self) -> str:
        return f"{self.rule}-{self.number}"


SAMPLES: list[Sample] = []


def on(rule: str, function: Callable[..., Any], *args: Any, smooth: bool = True, **kwargs: Any) -> None:
    SAMPLES.append(Sample(rule, function, args, kwargs, smooth, sum(s.rule == rule for s in SAMPLES)))


def normal(*shape: int, grad: bool = True) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=RANDOM).requires_grad_(grad)


def uniform(*shape: int, low: float = 0.1, high: float = 0.9, grad: bool = True) -> Tensor:
    drawn = torch.rand(shape, dtype=torch.float64, generator=RANDOM)
    return (low + (high - low) * drawn).requires_grad_(grad)


def data(*shape: int) -> Tensor:
    return normal(*shape, grad=False)


def numbers(*values: Any, grad: bool = True) -> Tensor:
    return torch.tensor(values, dtype=torch.float64).requires_grad_(grad)


def whole(high: int, *shape: int) -> Tensor:
    return torch.randint(0, high, shape, generator=RANDOM)


def coin(*shape: int) -> Tensor:
    return torch.rand(shape, generator=RANDOM) > 0.5


inf = math.inf
T = torch.Tensor

# ---------------------------------------------------------------- elementwise

for name in ("add", "sub", "mul", "div"):
    function = getattr(torch, name)
    on(name, function, normal(3, 4), uniform(3, 4))
    on(name, function, normal(3, 1), uniform(4))
    on(name, function, normal(2, 3), 1.5)
    on(name, function, normal(), uniform(2))
on("add", torch.add, normal(3), normal(3), alpha=2.5)
on("sub", torch.sub, normal(3, 1), normal(3), alpha=-2)
on("sub", T.__rsub__, normal(3), 2.0)
on("div", T.__rdiv__, uniform(3), 2.0)
on("neg", torch.neg, normal(3))
on("pow", torch.pow, uniform(3), 2.5)
on("pow", torch.pow, normal(3), 3)
on("pow", torch.pow, normal(3), 0)
on("pow", torch.pow, uniform(3, 1), normal(4))
on("pow", T.__rpow__, normal(3), 2.0)
on("pow", torch.pow, numbers(0.0, 0.0, 0.0, 2.0), numbers(0.0, 1.0, 2.0, 0.0), smooth=False)
for name in ("exp", "sin", "cos", "erf", "tanh", "sigmoid", "square", "expm1"):
    on(name, getattr(torch, name), normal(3, 4))
for name in ("log", "sqrt", "rsqrt", "reciprocal", "log1p"):
    on(name, getattr(torch, name), uniform(3, 4, high=3))
on("sigmoid", torch.sigmoid, numbers(-1000.0, -40.0, 0.0, 40.0, 1000.0))
on("tanh", torch.tanh, numbers(-1000.0, -20.0, 0.0, 20.0))
on("abs", torch.abs, normal(3))
on("abs", torch.abs, numbers(-1.0, 0.0, 1.0), smooth=False)

KINKS = (-1000.0, -6.0, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 6.0, 25.0, 1000.0)
SMOOTHED = ("elu", "silu", "softplus", "logsigmoid", "gelu", "mish", "softsign", "selu", "celu")
for name in (*SMOOTHED, "relu", "leaky_relu", "hardtanh", "relu6", "hardswish"):
    function = getattr(F, name)
    on(name, function, normal(3, 4))
    # PyTorch composes softsign: where it is flat, autograd's two terms cancel, and ours has one
    on(name, function, numbers(*(KINKS[1:-2] if name == "softsign" else KINKS)), smooth=False)
on("gelu_tanh", F.gelu, normal(3, 4), approximate="tanh")
on("gelu_tanh", F.gelu, numbers(-10.0, -1.0, 0.0, 1.0, 10.0), approximate="tanh")
on("leaky_relu", F.leaky_relu, normal(3), 0.2)
on("elu", F.elu, normal(3), alpha=0.7)
on("celu", F.celu, normal(3), alpha=0.5)
on("hardsigmoid", F.hardsigmoid, numbers(*KINKS, grad=False).float().requires_grad_(), smooth=False)
on("softplus", F.softplus, normal(5), beta=2.0, threshold=1.0, smooth=False)
on("hardtanh", F.hardtanh, numbers(*KINKS), -3.0, 6.0, smooth=False)
on("threshold", F.threshold, numbers(*KINKS), 0.5, -7.0, smooth=False)
on("threshold", F.threshold, normal(3), 0.1, 20.0)
on("prelu", F.prelu, normal(2, 3, 4), normal(3))
on("prelu", F.prelu, normal(5), normal(1))
on("prelu", F.prelu, numbers(-1.0, 0.0, 1.0), numbers(0.25), smooth=False)
for name in ("maximum", "minimum"):
    function = getattr(torch, name)
    on(name, function, normal(3, 1), normal(4))
    on(name, function, numbers(1.0, 2.0, 3.0, inf), numbers(2.0, 2.0, 2.0, inf), smooth=False)
on("maximum", torch.max, normal(3), normal(3))
on("minimum", T.min, normal(3), normal(3))
on("clamp", torch.clamp, normal(3, 4), -0.5, 0.5)
on("clamp", torch.clip, numbers(*KINKS), max=3.0, smooth=False)
on("clamp", T.clamp, numbers(*KINKS), -3, 6, smooth=False)
on("clamp", torch.clamp, normal(3), data(2, 3) - 1, data(3) + 1)
on("clamp", torch.clamp, normal(3, 4), normal(3, 4), normal(4))
CROSSED = numbers(1.0, 1.0, 1.0, 2.0), numbers(2.0, 1.0, 2.0, 1.0)
on("clamp", torch.clamp, numbers(0.0, 1.0, 2.0, 3.0), *CROSSED, smooth=False)
on("clamp_min", torch.clamp_min, normal(5), 0.1)
on("clamp_min", torch.clamp_min, normal(5), normal(5))
on("clamp_max", torch.clamp_max, normal(5), 0.1)
on("clamp_max", torch.clamp_max, normal(2, 5), normal(5))

# ---------------------------------------------------------------- products

on("linear", F.linear, normal(3, 4), normal(5, 4), normal(5))
on("linear", F.linear, normal(2, 3, 4), normal(5, 4))
on("linear", F.linear, normal(4), normal(5, 4), normal(5))
on("linear", F.linear, normal(3, 4), normal(4))
on("matmul", torch.matmul, normal(3, 4), normal(4, 2))
on("matmul", torch.matmul, normal(4), normal(4))
on("matmul", torch.matmul, normal(4), normal(4, 2))
on("matmul", torch.matmul, normal(3, 4), normal(4))
on("matmul", torch.matmul, normal(2, 1, 3, 4), normal(5, 4, 2))
on("matmul", torch.matmul, normal(2, 3, 4), normal(4, 2))
on("matmul", torch.matmul, normal(4), normal(2, 4, 3))
on("matmul", T.__rmatmul__, normal(4, 2), normal(3, 4))
on("matmul", torch.bmm, normal(2, 3, 4), normal(2, 4, 2))
on("addmm", torch.addmm, normal(3, 2), normal(3, 4), normal(4, 2))
on("addmm", torch.addmm, normal(2), normal(3, 4), normal(4, 2), beta=0.5, alpha=2.0)
on("baddbmm", torch.baddbmm, normal(2, 3, 2), normal(2, 3, 4), normal(2, 4, 2))
on("baddbmm", torch.baddbmm, normal(1, 1, 2), normal(2, 3, 4), normal(2, 4, 2), beta=0.5, alpha=2.0)

# ---------------------------------------------------------------- reductions

for name in ("sum", "mean", "amax", "amin", "var", "std"):
    function = getattr(torch, name)
    on(name, function, normal(3, 4, 2), dim=(0, -1))
    on(name, function, normal(3, 4), dim=1, keepdim=True)
    on(name, function, normal(3, 4))
on("sum", torch.sum, normal(), 0)
on("sum", torch.sum, normal(2, 3), [])
on("sum", T.sum, normal(2, 3), axis=-1, keepdims=True)
on("sum", torch.sum, normal(2, 3), dtype=torch.float32, smooth=False)
on("mean", torch.mean, normal(2, 3), -1, dtype=torch.float32, smooth=False)
for name in ("var", "std"):
    function = getattr(torch, name)
    on(name, function, normal(3, 4), False)
    on(name, function, normal(3, 4), 1, False, True)
    on(name, function, normal(3, 4), -1, correction=0)
    on(name, function, numbers(2.0, 2.0, 2.0), smooth=False)
on("cumsum", torch.cumsum, normal(3, 4), 1)
on("cumsum", T.cumsum, normal(3, 4), dim=-2)
on("cumsum", torch.cumsum, normal(), 0)
on("logsumexp", torch.logsumexp, normal(3, 4), 1)
on("logsumexp", torch.logsumexp, normal(3, 4), (0, 1), keepdim=True)
on("logsumexp", torch.logsumexp, numbers([-inf, 1.0, 2.0], [1000.0, -1000.0, 0.0]), -1, smooth=False)
on("norm", torch.norm, normal(3, 4))
on("norm", T.norm, normal(3, 4), 2, 1, True)
on("norm", torch.norm, numbers(0.0, 0.0), smooth=False)
on("vector_norm", torch.linalg.vector_norm, normal(3, 4), dim=(0, 1))
on("vector_norm", torch.linalg.vector_norm, normal(3, 4), 2, -1)
on("linalg_norm", torch.linalg.norm, normal(3, 4))
on("linalg_norm", torch.linalg.norm, normal(3, 4), 2, 0)
EQUAL = ([1.0, 3.0, 3.0, 2.0], [3.0, 0.0, 0.0, 1.0])
for name in ("max", "min"):
    function = getattr(torch, name)
    on(name, function, normal(3, 4))
    on(name, function, normal())
    on(name, function, numbers(*EQUAL), smooth=False)
    on(f"{name}_along_axis", function, normal(3, 4), 1)
    on(f"{name}_along_axis", function, normal(3, 4), dim=-2, keepdim=True)
    on(f"{name}_along_axis", function, normal(), 0)
    on(f"{name}_along_axis", function, numbers(*EQUAL), 1, smooth=False)
    on(f"a{name}", getattr(torch, f"a{name}"), numbers(*EQUAL), 1, smooth=False)
    on(f"a{name}", getattr(torch, f"a{name}"), normal(3, 4), ())

# ---------------------------------------------------------------- shape

on("view", T.view, normal(2, 6), 3, -1)
on("view", T.view, normal(2, 6), (3, 4))
on("view", T.view, normal(2, 6), size=(4, 3))
on("reshape", torch.reshape, normal(2, 6), (3, 4))
on("reshape", T.reshape, normal(2, 6), -1)
on("view_as", T.view_as, normal(2, 6), data(3, 4))
on("view_as", T.reshape_as, normal(2, 6), data(3, 4))
on("flatten", torch.flatten, normal(2, 3, 4), 1)
on("unflatten", T.unflatten, normal(6, 2), 0, (2, 3))
on("ravel", torch.ravel, normal(2, 3))
on("squeeze", torch.squeeze, normal(1, 3, 1))
on("squeeze", T.squeeze, normal(1, 3, 1), (0, -1))
on("unsqueeze", T.unsqueeze, normal(3), -1)
on("contiguous", T.contiguous, normal(3, 2).detach().t().requires_grad_())
on("clone", torch.clone, normal(3))
on("transpose", T.transpose, normal(2, 3, 4), 0, -1)
on("transpose", torch.swapaxes, normal(2, 3), 0, 1)
on("t", torch.t, normal(2, 3))
on("t", T.t, normal(3))
on("t", T.mT.__get__, normal(4, 2, 3))
on("T", T.T.__get__, normal(2, 3))
on("H", T.mH.__get__, normal(4, 2, 3))
on("H", torch.adjoint, normal(2, 3))
on("permute", T.permute, normal(2, 3, 4), 2, 0, -2)
on("permute", torch.permute, normal(2, 3, 4), (1, 2, 0))
on("permute", T.permute, normal(2, 3), dims=(1, 0))
on("movedim", torch.movedim, normal(2, 3, 4), (0, 1), (2, 0))
on("movedim", torch.moveaxis, normal(2, 3, 4), -1, 0)
on("flip", torch.flip, normal(2, 3), (0, 1))
on("flip", T.flip, normal(2, 3), -1)
on("roll", torch.roll, normal(2, 3), 1)
on("roll", T.roll, normal(2, 3), (1, -2), (0, 1))
on("expand", T.expand, normal(3, 1), 2, -1, 4)
on("expand", T.expand, normal(3, 1), (3, 4))
on("expand_as", T.expand_as, normal(3, 1), data(3, 4))
on("broadcast_to", torch.broadcast_to, normal(3, 1), (2, 3, 4))
on("repeat", T.repeat, normal(2, 3), 2, 1)
on("repeat", T.repeat, normal(3), (4, 2, 3))
on("repeat", T.repeat, normal(), 2)
on("to", T.to, normal(3), torch.float32, smooth=False)
on("to", T.to, normal(3), dtype=torch.bfloat16, smooth=False)
on("to", T.to, torch.ones(3, dtype=torch.float32).requires_grad_(), torch.float64, smooth=False)
on("type_as", T.type_as, normal(3), torch.ones(2), smooth=False)
on("cast", T.float, normal(3), smooth=False)
on("cast", T.half, normal(3), smooth=False)

REPEATED = torch.tensor([0, 2, 0])
INDICES = (
    0,
    -1,
    slice(1, None),
    slice(None, None, 2),
    None,
    Ellipsis,
    (Ellipsis, 0),
    (slice(None), None, 1),
    REPEATED,
    torch.tensor(1),
    (REPEATED, torch.tensor([1, 1, 1])),
    (torch.tensor([[0], [2]]), torch.tensor([1, 3])),
    (slice(None), torch.tensor([0, 1, 1])),
    [0, 2],
    (0, torch.tensor([1, 1])),
    torch.tensor([True, False, True]),
    (slice(None), torch.tensor([True, False, True, False])),
    coin(3, 4),
    True,
    (Ellipsis, [0, 0]),
)
for index in INDICES:
    on("getitem", T.__getitem__, normal(3, 4), index)
on("select", torch.select, normal(2, 3), 1, -1)
on("narrow", T.narrow, normal(2, 3), 1, -2, 2)
on("narrow", torch.narrow, normal(4, 3), 0, torch.tensor(1), 2)
on("index_select", torch.index_select, normal(3, 4), 1, REPEATED)
on("gather", torch.gather, normal(3, 4), 1, torch.tensor([[0, 0], [1, 2]]))
on("tril", torch.tril, normal(3, 4))
on("tril", T.tril, normal(2, 3, 3), -1)
on("triu", T.triu, normal(2, 3, 3), 1)
on("cat", torch.cat, [normal(2, 3), normal(1, 3)])
on("cat", torch.cat, (normal(2, 3), data(2, 1), normal(2, 2)), -1)
on("cat", torch.cat, [torch.zeros(0, dtype=torch.float64), normal(2, 3)], axis=1)
on("stack", torch.stack, [normal(2), normal(2)], -1)
on("split", torch.split, normal(5, 3), 2)
on("split", T.split, normal(5, 3), [1, 4])
on("chunk", torch.chunk, normal(5, 3), 2, -1)
on("tensor_split", torch.tensor_split, normal(5, 3), (1, 3))
on("unbind", torch.unbind, normal(2, 3), 1)
on("pad", F.pad, normal(2, 3), (1, 2))
on("pad", F.pad, normal(2, 3), (1, -1, 0, 2), value=3.0)
on("masked_fill", T.masked_fill, normal(3, 4), coin(4), 0.5)
on("masked_fill", T.masked_fill, normal(4), coin(3, 4), normal())
on("where", torch.where, coin(3, 4), normal(4), normal(3, 1))
on("where", torch.where, coin(3, 4), 0.0, normal(3, 1))
on("where_method", T.where, normal(4), coin(3, 4), normal(3, 1))

# ---------------------------------------------------------------- softmax, normalisation, dropout

for rule, function in (("softmax", torch.softmax), ("log_softmax", torch.log_softmax)):
    on(rule, function, normal(3, 4), 1)
    on(rule, getattr(T, rule), normal(2, 3, 2), dim=-2)
    on(rule, function, normal(), 0)
    on(rule, function, numbers([300.0, -300.0, 0.0], [-inf, 0.0, 1.0]), -1, smooth=False)
    on(f"functional_{rule}", getattr(F, rule), normal(3, 4), dim=-1)
    on(f"functional_{rule}", getattr(F, rule), normal(3, 4))
    on(f"functional_{rule}", getattr(F, rule), normal(3, 4), 0, dtype=torch.float32, smooth=False)
on("layer_norm", F.layer_norm, normal(2, 3, 4), (4,), normal(4), normal(4))
on("layer_norm", F.layer_norm, normal(2, 3, 4), [3, 4])
on("layer_norm", F.layer_norm, normal(4), (4,), normal(4), None, 0.01)
on("layer_norm", F.layer_norm, normal(3, 4), (4,), data(4), normal(4))
on("group_norm", F.group_norm, normal(2, 6, 4), 3, normal(6), normal(6))
on("group_norm", F.group_norm, normal(2, 4, 2, 3), 2)
on("batch_norm", F.batch_norm, normal(5, 3), data(3), uniform(3, grad=False), normal(3), normal(3), True)
on("batch_norm", F.batch_norm, normal(2, 3, 2, 2), None, None, training=True, eps=0.1)
on("batch_norm_eval", F.batch_norm, normal(5, 3), data(3), uniform(3, grad=False), normal(3), normal(3))
on("batch_norm_eval", F.batch_norm, normal(2, 3, 4), data(3), uniform(3, grad=False))
on("rms_norm", F.rms_norm, normal(2, 3, 4), (4,), normal(4))
on("rms_norm", F.rms_norm, normal(3, 4), [3, 4], None, 0.1)
on("dropout", F.dropout, normal(3, 4), 0.3)
on("dropout", torch.dropout, normal(3, 4), 0.5, True)
on("dropout", F.dropout, normal(3), 1.0)

# ---------------------------------------------------------------- convolution and pooling

on("conv1d", F.conv1d, normal(2, 2, 6), normal(3, 2, 3), normal(3))
on("conv1d", F.conv1d, normal(2, 6), normal(3, 2, 4), padding="same")
on("conv1d", F.conv1d, normal(2, 4, 9), normal(4, 2, 2), normal(4), stride=2, padding=1, dilation=3, groups=2)
on("conv2d", F.conv2d, normal(2, 2, 4, 5), normal(3, 2, 3, 2), normal(3))
on("conv2d", F.conv2d, normal(2, 4, 5), normal(3, 2, 3, 3), padding="valid")
on("conv2d", F.conv2d, normal(1, 2, 4, 5), normal(3, 2, 2, 3), normal(3), padding="same", dilation=(1, 2))
on("conv2d", F.conv2d, normal(1, 4, 6, 5), normal(4, 1, 3, 3), normal(4), stride=(3, 2), padding=(1, 0), groups=4)
on("conv3d", F.conv3d, normal(1, 2, 3, 3, 3), normal(2, 2, 2, 2, 2), normal(2), stride=(1, 2, 1))
on("conv_transpose1d", F.conv_transpose1d, normal(2, 2, 4), normal(2, 3, 3), normal(3), 2, 1, 1)
on("conv_transpose2d", F.conv_transpose2d, normal(1, 4, 3, 2), normal(4, 2, 2, 3), normal(4), groups=2, stride=2)
on("conv_transpose2d", F.conv_transpose2d, normal(2, 3, 3), normal(2, 3, 2, 2), dilation=2)
on("conv_transpose3d", F.conv_transpose3d, normal(1, 2, 2, 2, 2), normal(2, 2, 2, 2, 2), normal(2))
on("max_pool1d", F.max_pool1d, normal(2, 2, 7), 3, 2, 1)
on("max_pool1d", torch.max_pool1d, normal(2, 7), 2)
on("max_pool2d", F.max_pool2d, normal(1, 2, 5, 6), 2)
on("max_pool2d", F.max_pool2d, normal(1, 2, 5, 6), (2, 3), 1, 1, 2)
on("max_pool2d", F.max_pool2d, normal(2, 5, 5), 2, ceil_mode=True, return_indices=True)
on("max_pool2d", torch.max_pool2d, torch.zeros(1, 1, 4, 4, dtype=torch.float64).requires_grad_(), 2, smooth=False)
on("max_pool3d", F.max_pool3d, normal(1, 1, 3, 4, 4), 2, 1)
on("avg_pool1d", F.avg_pool1d, normal(2, 2, 7), 3)
on("avg_pool1d", F.avg_pool1d, normal(2, 7), 3, 2, 1)
on("avg_pool2d", F.avg_pool2d, normal(1, 2, 5, 6), 2)
on("avg_pool2d", F.avg_pool2d, normal(1, 2, 5, 6), (3, 2), (2, 1), 1)
on("avg_pool2d", F.avg_pool2d, normal(2, 5, 6), 3, 2, 1, count_include_pad=False)
on("avg_pool3d", F.avg_pool3d, normal(1, 1, 3, 4, 4), 2, 1)
on("adaptive_avg_pool1d", F.adaptive_avg_pool1d, normal(2, 6), 3)
on("adaptive_avg_pool2d", F.adaptive_avg_pool2d, normal(1, 2, 4, 6), 1)
on("adaptive_avg_pool2d", F.adaptive_avg_pool2d, normal(1, 2, 4, 6), (2, None))
on("adaptive_avg_pool3d", F.adaptive_avg_pool3d, normal(1, 1, 2, 4, 4), 2)

# ---------------------------------------------------------------- embedding and attention

on("embedding", F.embedding, whole(5, 2, 3), normal(5, 4))
on("embedding", F.embedding, torch.tensor([4, 0, 4]), normal(5, 4), padding_idx=-1, smooth=False)
on("embedding", F.embedding, torch.tensor(1), normal(5, 4))

ATTENTION, attend = "scaled_dot_product_attention", F.scaled_dot_product_attention
HIDDEN = coin(2, 1, 3, 4)
HIDDEN[0, 0, 1] = False  # a row in which nothing may be attended to
ADDED = torch.zeros(3, 4, dtype=torch.float64).masked_fill(~coin(3, 4), -inf)
ADDED[:, 0] = 0
on(ATTENTION, attend, normal(2, 2, 3, 3), normal(2, 2, 4, 3), normal(2, 2, 4, 2))
on(ATTENTION, attend, normal(3, 2), normal(4, 2), normal(4, 3), scale=0.3)
on(ATTENTION, attend, normal(2, 3, 2), normal(2, 3, 2), normal(2, 3, 2), is_causal=True)
on(ATTENTION, attend, normal(2, 2, 3, 2), normal(2, 2, 4, 2), normal(2, 2, 4, 2), HIDDEN)
on(ATTENTION, attend, normal(2, 2, 3, 2), normal(2, 2, 4, 2), normal(2, 2, 4, 2), normal(3, 4))
on(ATTENTION, attend, normal(2, 2, 3, 2), normal(2, 2, 4, 2), normal(2, 2, 4, 2), ADDED)
on(ATTENTION, attend, normal(1, 4, 3, 2), normal(1, 2, 3, 2), normal(1, 2, 3, 2), enable_gqa=True)

# ---------------------------------------------------------------- losses

CLASSES = uniform(4, grad=False)
SOME_IGNORED, ALL_IGNORED = torch.tensor([1, -100, 3]), torch.full((3,), -100)
for reduction in ("mean", "sum", "none"):
    for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"):
        on(name, getattr(F, name), normal(3, 4), normal(3, 4), reduction=reduction)
    on("mse_loss", F.mse_loss, normal(3, 4), normal(4), reduction=reduction)
    on("binary_cross_entropy", F.binary_cross_entropy, uniform(3, 4), uniform(3, 4), reduction=reduction)
    on(
        "binary_cross_entropy_with_logits",
        F.binary_cross_entropy_with_logits,
        normal(3, 4),
        uniform(3, 4),
        reduction=reduction,
    )
    on("kl_div", F.kl_div, normal(3, 4), uniform(3, 4), reduction=reduction)
    on("kl_div_log_target", F.kl_div, normal(3, 4), normal(3, 4), reduction=reduction, log_target=True)
    on("nll_loss", F.nll_loss, normal(3, 4), whole(4, 3), reduction=reduction)
    on("nll_loss", F.nll_loss, normal(3, 4), SOME_IGNORED, CLASSES, reduction=reduction)
    on("nll_loss", F.nll_loss, normal(2, 4, 3), whole(4, 2, 3), reduction=reduction)
    for settings in ({}, {"weight": CLASSES}, {"label_smoothing": 0.1}, {"weight": CLASSES, "label_smoothing": 0.1}):
        for target in (whole(4, 3), SOME_IGNORED):
            on("cross_entropy", F.cross_entropy, normal(3, 4), target, reduction=reduction, **settings)
        on("cross_entropy", F.cross_entropy, normal(2, 4, 3), whole(4, 2, 3), reduction=reduction, **settings)
        on("cross_entropy", F.cross_entropy, normal(4), torch.tensor(2), reduction=reduction, **settings)
        for shape in ((3, 4), (4,), (2, 4, 2)):
            on(
                "cross_entropy_of_probabilities",
                F.cross_entropy,
                normal(*shape),
                uniform(*shape),
                reduction=reduction,
                **settings,
            )
    on("cross_entropy", F.cross_entropy, normal(3, 4), torch.tensor([1, 2, 2]), ignore_index=2, reduction=reduction)
    on("cross_entropy", F.cross_entropy, normal(3, 4), ALL_IGNORED, reduction=reduction, smooth=False)
    on("nll_loss", F.nll_loss, normal(3, 4), ALL_IGNORED, reduction=reduction, smooth=False)
on("nll_loss", F.nll_loss, normal(4), torch.tensor(2))
on("cross_entropy", F.cross_entropy, numbers([1000.0, -1000.0, 0.0]), torch.tensor([1]))
on("cross_entropy", F.cross_entropy, numbers([-inf, 1.0, 0.0]), torch.tensor([1]), smooth=False)
on("l1_loss", F.l1_loss, numbers(1.0, 2.0), numbers(1.0, 1.0), smooth=False)
on("smooth_l1_loss", F.smooth_l1_loss, normal(3), normal(3), beta=0.0)
on("smooth_l1_loss", F.smooth_l1_loss, numbers(0.0, 0.5, 2.0), numbers(0.0, 0.0, 0.0), beta=0.5, smooth=False)
for name in ("smooth_l1_loss", "huber_loss"):
    on(name, getattr(F, name), numbers(math.nan, inf, 1.0), numbers(0.0, 0.0, inf), smooth=False)
on("huber_loss", F.huber_loss, numbers(0.0, 0.5, 2.0), numbers(0.0, 0.0, 0.0), delta=0.5, smooth=False)
on("binary_cross_entropy", F.binary_cross_entropy, uniform(3, 4), uniform(3, 4), uniform(4, grad=False))
CERTAIN = numbers(0.0, 1.0, 0.5, 1.0), numbers(0.0, 1.0, 0.5, 0.0)
on("binary_cross_entropy", F.binary_cross_entropy, *CERTAIN, smooth=False)
on(
    "binary_cross_entropy_with_logits",
    F.binary_cross_entropy_with_logits,
    numbers(-1000.0, -40.0, 0.0, 40.0, 1000.0),
    numbers(0.0, 1.0, 0.5, 1.0, 0.0),
    uniform(5, grad=False),
)
POSITIVE = "binary_cross_entropy_with_pos_weight"
logits = F.binary_cross_entropy_with_logits
on(POSITIVE, logits, normal(3, 4), uniform(3, 4), pos_weight=uniform(4, grad=False))
on(POSITIVE, logits, numbers(-1000.0, 0.0, 1000.0), uniform(3), CLASSES[:3], pos_weight=CLASSES[1:], smooth=False)
on("kl_div", F.kl_div, normal(3, 4), uniform(3, 4), reduction="batchmean")
on("kl_div", F.kl_div, normal(4), uniform(3, 4))
on("kl_div", F.kl_div, normal(3), numbers(0.0, 0.5, 0.5, grad=False))

# ---------------------------------------------------------------- functions of one and two numbers

on("tan", torch.tan, uniform(3, 4))
for name in ("asinh", "atan", "sinh", "cosh", "erfc", "exp2", "i0", "deg2rad", "rad2deg"):
    on(name, getattr(torch, name), normal(3, 4))
for name in ("asin", "acos", "atanh", "erfinv", "logit"):
    on(name, getattr(torch, name), uniform(3, 4))
for name in ("log2", "log10", "lgamma", "digamma"):
    on(name, getattr(torch, name), uniform(3, 4, low=0.3, high=3))
on("acosh", torch.acosh, uniform(3, low=1.5, high=4))
on("ndtri", torch.special.ndtri, uniform(3))
on("entr", torch.special.entr, uniform(3))
for name in ("erfcx", "ndtr", "log_ndtr"):
    on(name, getattr(torch.special, name), normal(3))
for name in ("atan2", "hypot", "logaddexp", "logaddexp2"):
    on(name, getattr(torch, name), normal(3, 1), normal(4))
on("atan2", torch.atan2, numbers(0.0, 0.0), numbers(0.0, 1.0), smooth=False)
on("ldexp", torch.ldexp, normal(3), normal(3))
on("ldexp", torch.ldexp, normal(3), torch.tensor([1, 2, 3]))
on("xlogy", torch.xlogy, normal(3, 1), uniform(4))
on("xlogy", torch.special.xlogy, numbers(0.0, 1.0), numbers(1.0, 2.0))
on("div", torch.div, normal(3), torch.tensor([2, 3, 7]))
on("div", torch.div, normal(3), torch.tensor([2, 3, 7], dtype=torch.float32))
for name in ("hardshrink", "softshrink"):
    on(name, getattr(F, name), normal(3, 4))
    on(name, getattr(F, name), numbers(*KINKS), 0.5, smooth=False)
on("lerp", torch.lerp, normal(3, 1), normal(4), 0.3)
on("lerp", torch.lerp, normal(3), normal(3), normal(3))
for name in ("addcmul", "addcdiv"):
    on(name, getattr(torch, name), normal(3), normal(3), uniform(3))
    on(name, getattr(torch, name), normal(2, 3), normal(3), uniform(2, 1), value=0.7)
on("rsub", torch.rsub, normal(3), normal(3), alpha=2)
for name in ("fmax", "fmin"):
    on(name, getattr(torch, name), normal(3, 1), normal(4))
    on(name, getattr(torch, name), numbers(1.0, 2.0), numbers(1.0, 1.0), smooth=False)
for name in ("sign", "floor", "ceil", "trunc", "round"):
    on(name, getattr(torch, name), normal(3, 4))
    on(name, getattr(torch, name), numbers(-1.0, 0.0, 2.0), smooth=False)
on("round", torch.round, normal(3), decimals=1)
on("frac", torch.frac, normal(3))
for name in ("remainder", "fmod"):
    on(name, getattr(torch, name), normal(3, 1), uniform(4))
    on(name, getattr(torch, name), normal(3), 0.7)
on("div_rounded", torch.div, normal(3), uniform(3), rounding_mode="floor")
on("div_rounded", torch.div, normal(3), 0.3, rounding_mode="trunc")
on("copysign", torch.copysign, normal(3, 1), normal(4))
on("copysign", torch.copysign, numbers(0.0, -1.0), numbers(1.0, -0.0), smooth=False)
on("nan_to_num", torch.nan_to_num, normal(3))
on("nan_to_num", torch.nan_to_num, numbers(math.nan, inf, -inf, 1.0), smooth=False)
on("glu", F.glu, normal(3, 4))
on("glu", F.glu, normal(4, 3), 0)

# ---------------------------------------------------------------- further products

on("outer", torch.outer, normal(3), normal(4))
on("addmv", torch.addmv, normal(3), normal(3, 4), normal(4), beta=0.5, alpha=2.0)
on("addr", torch.addr, normal(3, 4), normal(3), normal(4), alpha=2.0)
on("addbmm", torch.addbmm, normal(3, 2), normal(5, 3, 4), normal(5, 4, 2), beta=0.5)
on("inner", torch.inner, normal(3, 4), normal(2, 5, 4))
on("inner", torch.inner, normal(4), normal(4))
on("tensordot", torch.tensordot, normal(2, 3, 4), normal(3, 4, 5))
on("tensordot", torch.tensordot, normal(2, 3, 4), normal(4, 5, 2), ([2, 0], [0, 2]))
on("vecdot", torch.linalg.vecdot, normal(2, 3), normal(3))
on("einsum", torch.einsum, "ij,jk->ik", normal(2, 3), normal(3, 4))
on("einsum", torch.einsum, "ij,jk", [normal(2, 3), normal(3, 4)])
on("einsum", torch.einsum, "...ij,...kj->...ik", normal(2, 1, 2, 3), normal(5, 4, 3))
on("einsum", torch.einsum, "bi,oij,bj->bo", normal(2, 3), normal(4, 3, 5), normal(2, 5))
on("einsum", torch.einsum, "ij,k->i", normal(2, 3), normal(4))
on("einsum", torch.einsum, "i,i", normal(3), normal(3))
on("einsum", torch.einsum, "ij->ji", normal(2, 3))
on("einsum", torch.einsum, "ij,jk->ik", normal(2, 1), normal(3, 4))
GROUPS = torch.tensor([2, 2, 6], dtype=torch.int32)
rows, experts = (torch.ones(shape, dtype=torch.bfloat16).requires_grad_() for shape in ((6, 16), (3, 16, 8)))
on("grouped_mm", torch._grouped_mm, rows, experts, offs=GROUPS, smooth=False)
on("bilinear", F.bilinear, normal(3, 2), normal(3, 4), normal(5, 2, 4), normal(5))
on("bilinear", F.bilinear, normal(2, 3, 2), normal(2, 3, 4), normal(5, 2, 4))
on("cross", torch.cross, normal(2, 3), normal(2, 3))
on("cross", T.cross, normal(3, 2), normal(3, 2), 0)
on("linalg_cross", torch.linalg.cross, normal(2, 3), normal(1, 3))

# ---------------------------------------------------------------- matrices


def regular(*shape: int) -> Tensor:
    """Far from singular."""
    return (normal(*shape).detach() + 4 * torch.eye(shape[-1], dtype=torch.float64)).requires_grad_()


POSITIVE_DEFINITE = [(m @ m.mT).detach().requires_grad_() for m in (regular(3, 3), regular(2, 3, 3))]
on("trace", torch.trace, normal(3, 4))
for name in ("inv", "det", "slogdet"):
    on(name, getattr(torch.linalg, name), regular(3, 3))
    on(name, getattr(torch.linalg, name), regular(2, 3, 3))
on("logdet", torch.logdet, POSITIVE_DEFINITE[0])
on("solve", torch.linalg.solve, regular(3, 3), normal(3, 2))
on("solve", torch.linalg.solve, regular(3, 3), normal(3))
on("solve", torch.linalg.solve, regular(2, 3, 3), normal(2, 3, 2))
for matrix in POSITIVE_DEFINITE:
    on("cholesky", torch.linalg.cholesky, matrix, smooth=False)  # reads the lower triangle, the gradient is symmetric

# ---------------------------------------------------------------- further reductions and distances

for name in ("prod", "nansum", "nanmean"):
    on(name, getattr(torch, name), normal(3, 4))
    on(name, getattr(torch, name), normal(3, 4), 1, keepdim=True)
    on(name, getattr(torch, name), normal(3, 4), dim=0)
on("prod", torch.prod, numbers([0.0, 2.0, 3.0], [0.0, 0.0, 3.0]), 1)
on("nansum", torch.nansum, numbers(math.nan, 1.0), smooth=False)
on("nanmean", torch.nanmean, numbers(math.nan, 1.0, 2.0), smooth=False)
on("cumprod", torch.cumprod, normal(3, 4), 1)
for name in ("var_mean", "std_mean"):
    on(name, getattr(torch, name), normal(3, 4))
    on(name, getattr(torch, name), normal(3, 4), dim=1, keepdim=True)
    on(name, getattr(torch, name), normal(3, 4), -1, correction=0)
on("aminmax", torch.aminmax, normal(3, 4))
on("aminmax", torch.aminmax, numbers(*EQUAL), dim=1, smooth=False)
on("median", torch.median, normal(3, 4))
on("median", torch.nanmedian, numbers(math.nan, 1.0, 1.0, 2.0), smooth=False)
for order in (3, 1, 0.5, inf, -inf, 0):
    on("norm_p", torch.norm, normal(3, 4), order, 1, smooth=order not in (0, 0.5))
    on("vector_norm_p", torch.linalg.vector_norm, normal(3, 4), order, smooth=order not in (0, 0.5))
on("vector_norm_p", torch.linalg.vector_norm, numbers(0.0, 0.0), 3, smooth=False)
on("linalg_norm_p", torch.linalg.norm, normal(3, 4), 3, -1, True)
for order in (2, 1, inf, 3):
    on("dist", torch.dist, normal(3), normal(2, 3), order)
    on("pairwise_distance", F.pairwise_distance, normal(3, 4), normal(3, 4), order)
on("pairwise_distance", F.pairwise_distance, normal(3, 4), normal(4), keepdim=True)
on("cdist", torch.cdist, normal(2, 3, 4), normal(2, 5, 4))
on("cdist", torch.cdist, normal(3, 4), normal(5, 4), 1.0)
on("cdist", torch.cdist, normal(3, 4), normal(5, 4), 3.0)
on("cdist", torch.cdist, numbers([0.0, 1.0]), numbers([0.0, 1.0], [1.0, 1.0]), smooth=False)
on("cosine_similarity", F.cosine_similarity, normal(3, 4), normal(3, 4))
on("cosine_similarity", torch.cosine_similarity, normal(2, 3, 4), normal(4), -1)

# ---------------------------------------------------------------- placing

on("tile", torch.tile, normal(2, 3), (2, 1, 2))
on("tile", T.tile, normal(2, 3), 2)
on("rot90", torch.rot90, normal(2, 3), 1, (0, 1))
on("fliplr", torch.fliplr, normal(2, 3))
on("flipud", torch.flipud, normal(2, 3))
on("diagonal", torch.diagonal, normal(3, 4), 1)
on("linalg_diagonal", torch.linalg.diagonal, normal(2, 3, 4))
on("diag", torch.diag, normal(3))
on("diag", torch.diag, normal(3, 4), 1)
on("diag_embed", torch.diag_embed, normal(2, 3))
on("diagflat", torch.diagflat, normal(2, 3))
on("windows", T.unfold, normal(7, 2), 0, 3, 2)
on("take", torch.take, normal(3, 4), torch.tensor([[0, 5], [5, -1]]))
on("take_along_dim", torch.take_along_dim, normal(3, 4), torch.tensor([[0, 1], [2, 2], [0, 3]]), 1)
on("masked_select", torch.masked_select, normal(3, 4), coin(3, 4))
on("repeat_interleave", torch.repeat_interleave, normal(3, 2), 2, 0)
on("repeat_interleave", torch.repeat_interleave, normal(3, 2), torch.tensor([1, 0, 3]), dim=0)
on("repeat_interleave", T.repeat_interleave, normal(3, 2), 2)
for how in ("reflect", "replicate", "circular"):
    on("pad_with_x", F.pad, normal(1, 2, 3, 4), (1, 2, 0, 1), how)
on("constant_pad_nd", torch.constant_pad_nd, normal(2, 3), (1, 1), 2.0)
on("pixel_shuffle", F.pixel_shuffle, normal(1, 4, 2, 3), 2)
on("pixel_unshuffle", F.pixel_unshuffle, normal(1, 1, 4, 6), 2)
on("channel_shuffle", F.channel_shuffle, normal(1, 4, 2), 2)
on("unfold", F.unfold, normal(1, 2, 4, 5), 2, padding=1, stride=2)
on("fold", F.fold, normal(1, 8, 6), (3, 4), 2)
on("as_strided", torch.as_strided, normal(6), (3, 3), (1, 1), 1)
on("topk", torch.topk, normal(3, 4), 2)
on("topk", T.topk, normal(3, 4), 2, dim=0, largest=False)
on("topk", torch.topk, normal(), 1)
on("sort", torch.sort, normal(3, 4))
on("sort", torch.sort, normal(3, 4), 0, True)
on("msort", torch.msort, normal(3, 4))
on("kthvalue", torch.kthvalue, normal(3, 4), 2)
on("kthvalue", torch.kthvalue, normal(3, 4), 2, 0, True)
on("median_along_axis", torch.median, normal(3, 4), 1)
on("median_along_axis", torch.nanmedian, numbers([math.nan, 1.0, 2.0]), 1, True, smooth=False)
on("mode", torch.mode, numbers([1.0, 1.0, 2.0]), smooth=False)
on("cummax", torch.cummax, normal(3, 4), 1)
on("cummin", torch.cummin, normal(3, 4), 0)
on("index_add", torch.index_add, normal(3, 4), 0, REPEATED, normal(3, 4), alpha=0.5)
on("index_copy", torch.index_copy, normal(3, 4), 0, torch.tensor([2, 0]), normal(2, 4))
on("index_fill", torch.index_fill, normal(3, 4), 0, torch.tensor([2, 0]), 1.5)
on("index_fill", torch.index_fill, normal(3, 4), 1, torch.tensor([2, 0]), normal())
PLACES = (torch.tensor([0, 2, 0]), torch.tensor([1, 3, 1]))
on("index_put", torch.index_put, normal(3, 4), PLACES, normal(3), accumulate=True)
on("index_put", torch.index_put, normal(3, 4), (torch.tensor([0, 2]),), normal(4))
on("index_put", torch.index_put, normal(3, 4), (torch.tensor([0, 2]), torch.tensor([1, 3])), normal(2))
WHERE = torch.tensor([[0, 1, 2], [2, 0, 1]])
on("scatter", torch.scatter, normal(3, 4), 0, WHERE[:1], normal(1, 3))
on("scatter_value", torch.scatter, normal(3, 4), 0, WHERE, value=1.5)
on("scatter_add", torch.scatter_add, normal(3, 4), 0, WHERE, normal(2, 3))
for how in ("sum", "mean"):
    on("scatter_reduce", torch.scatter_reduce, normal(3, 4), 0, WHERE, normal(2, 3), how)
    on("scatter_reduce", torch.scatter_reduce, normal(3, 4), 0, WHERE, normal(2, 3), how, include_self=False)
for how in ("amax", "amin"):
    on("scatter_extreme", torch.scatter_reduce, normal(3, 4), 0, WHERE, normal(2, 3), how)
on("masked_scatter", torch.masked_scatter, normal(3, 4), torch.tensor([True, False, True, False]), normal(7))
on("select_scatter", torch.select_scatter, normal(3, 4), normal(4), 0, 1)
on("slice_scatter", torch.slice_scatter, normal(5, 4), normal(2, 4), 0, 1, 5, 2)
on("diagonal_scatter", torch.diagonal_scatter, normal(3, 4), normal(3))
on("fill", torch.fill, normal(3), normal())
on("copy_", T.copy_, normal(2, 3), normal(3))
on("copy_", T.copy_, normal(3), torch.ones(3).requires_grad_(), smooth=False)
for index in (0, slice(1, None), (Ellipsis, 1), (torch.tensor([0, 2]), torch.tensor([1, 3])), coin(3, 4)):
    on("setitem", T.__setitem__, normal(3, 4), index, normal())
on("setitem", T.__setitem__, normal(3, 4), 1, normal(4))
on("setitem", T.__setitem__, normal(3, 4), (slice(None), slice(1, 3)), normal(2))
on("setitem", T.__setitem__, normal(3, 4), torch.tensor([0, 2]), 1.5)
on("hstack", torch.hstack, [normal(2), normal(3)])
on("hstack", torch.hstack, [normal(2, 1), normal(2, 3)])
on("vstack", torch.vstack, [normal(3), normal(2, 3)])
on("dstack", torch.dstack, [normal(2), normal(2)])
on("column_stack", torch.column_stack, [normal(2), normal(2, 3)])
on("hsplit", torch.hsplit, normal(2, 4), 2)
on("vsplit", torch.vsplit, normal(4, 2), [1, 3])
on("dsplit", torch.dsplit, normal(1, 2, 4), 2)
on("broadcast_tensors", torch.broadcast_tensors, normal(3, 1), normal(4))
on("meshgrid", torch.meshgrid, normal(3), normal(4), indexing="ij")
on("meshgrid", torch.meshgrid, normal(3), normal(4), normal(2), indexing="xy")

# ---------------------------------------------------------------- resizing, further normalisation and losses

for how in ("nearest", "linear", "area", "nearest-exact"):
    on("interpolate", F.interpolate, normal(1, 2, 5), size=7, mode=how)
for how in ("nearest", "bilinear", "bicubic", "area"):
    on("interpolate", F.interpolate, normal(1, 2, 3, 4), scale_factor=(2.0, 1.5), mode=how)
on("interpolate", F.interpolate, normal(1, 1, 2, 3, 2), (3, 2, 4), mode="trilinear", align_corners=True)
on("interpolate", F.interpolate, normal(1, 2, 6, 5), (3, 4), mode="bilinear", antialias=True)
on("adaptive_avg_pool1d", F.adaptive_avg_pool1d, normal(2, 7), 3)
on("adaptive_avg_pool2d", F.adaptive_avg_pool2d, normal(1, 2, 4, 5), (3, 2))
on("avg_pool1d", F.avg_pool1d, normal(2, 7), 2, ceil_mode=True)
on("avg_pool2d", F.avg_pool2d, normal(1, 2, 5, 6), 3, 2, 1, ceil_mode=True, count_include_pad=False)
on("avg_pool2d", F.avg_pool2d, normal(1, 2, 5, 6), (3, 2), divisor_override=5)
on("sum_to_size", T.sum_to_size, normal(2, 3), 1, 3)
on("matrix_norm", torch.linalg.matrix_norm, normal(2, 3, 4))
on("adaptive_max_pool1d", F.adaptive_max_pool1d, normal(2, 2, 7), 3)
on("adaptive_max_pool2d", F.adaptive_max_pool2d, normal(1, 2, 4, 5), (3, 2), return_indices=True)
on("adaptive_max_pool3d", F.adaptive_max_pool3d, normal(1, 1, 3, 4, 2), 2)
on("instance_norm", F.instance_norm, normal(2, 3, 4), weight=normal(3), bias=normal(3))
on("instance_norm", F.instance_norm, normal(2, 3, 2, 2))
on("weight_norm", torch._weight_norm, normal(3, 4, 2), uniform(3, 1, 1), 0)
on("weight_norm", torch._weight_norm, normal(3, 4), uniform(1, 4), 1)
on("dropout", torch.feature_dropout, normal(3, 4, 2), 0.5, True)
on(ATTENTION, attend, normal(2, 3, 2), normal(2, 4, 2), normal(2, 4, 2), dropout_p=0.3)
SIGNS = torch.tensor([1.0, -1.0, 1.0, -1.0], dtype=torch.float64)
for reduction in ("mean", "sum", "none"):
    on("soft_margin_loss", F.soft_margin_loss, normal(3, 4), SIGNS.expand(3, 4), reduction=reduction)
    on("hinge_embedding_loss", F.hinge_embedding_loss, numbers(3.0, 3.0, -3.0, -3.0), SIGNS, reduction=reduction)
    on("hinge_embedding_loss", F.hinge_embedding_loss, normal(3, 4), SIGNS.expand(3, 4), reduction=reduction)
    on("poisson_nll_loss", F.poisson_nll_loss, normal(3, 4), uniform(3, 4), reduction=reduction)
    on("margin_ranking_loss", F.margin_ranking_loss, normal(4), normal(4), SIGNS, 0.5, reduction=reduction)
    for swap in (False, True):
        three = normal(3, 4), normal(3, 4), normal(3, 4)
        on("triplet_margin_loss", F.triplet_margin_loss, *three, swap=swap, reduction=reduction)


# ---------------------------------------------------------------- recurrent


def recurrent_weights(gates: int, inputs: int, hidden: int, layers: int, ways: int, biases: bool) -> list[Tensor]:
    found = []
    for layer in range(layers):
        for _ in range(ways):
            entering = hidden * ways if layer else inputs
            found += [normal(gates * hidden, entering), normal(gates * hidden, hidden)]
            found += [normal(gates * hidden), normal(gates * hidden)] if biases else []
    return found


GATES = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 3}
for name, gates in GATES.items():
    for layers, ways, biases in ((1, 1, True), (2, 2, True), (1, 2, False)):
        weights = recurrent_weights(gates, 3, 2, layers, ways, biases)
        hx = [normal(layers * ways, 3, 2) for _ in range(2)] if name == "lstm" else normal(layers * ways, 3, 2)
        settings = (biases, layers, 0.0, True, ways == 2)
        on(name, getattr(torch, name), normal(4, 3, 3), hx, weights, *settings, False)
        on(name, getattr(torch, name), normal(3, 4, 3), hx, weights, *settings, True)
        sizes = torch.tensor([3, 2, 2, 1])
        on(f"packed_{name}", getattr(torch, name), normal(8, 3), sizes, hx, weights, *settings)
    for biases in (True, False):
        weights = recurrent_weights(gates, 3, 2, 1, 1, biases)
        hx = [normal(4, 2), normal(4, 2)] if name == "lstm" else normal(4, 2)
        on(f"{name}_cell", getattr(torch, f"{name}_cell"), normal(4, 3), hx, *weights)
