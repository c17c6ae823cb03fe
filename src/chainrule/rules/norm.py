"""Functions that scale numbers by a statistic of their neighbours: softmax, the normalisations, dropout.

With x̂ = (x − μ)/σ over n numbers, σ² = mean (x − μ)² + ε, and ĝ the gradient that reaches x̂ (Ioffe & Szegedy 2015):

    ∂L/∂x = (ĝ − mean ĝ − x̂ · mean(ĝ · x̂)) / σ
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from chainrule.formula import Index, Number, Sum, Symbol, symbols
from chainrule.formula.tree import Formula, exp, log, sqrt
from chainrule.rules.rule import Adjoint, Bound, Gradients, Tensor, named, rule, x, y

i, j = symbols("i j")
N = Symbol("N")
mean = Symbol("mean", "μ", r"\mu")
variance = Symbol("variance", "σ²", r"\sigma^2")
deviation = Symbol("deviation", "σ", r"\sigma")
normal = Symbol("normalised", "x̂", r"\hat{x}")
epsilon = Symbol("eps", "ε", r"\varepsilon")
gamma = Symbol("weight", "γ", r"\gamma")
beta = Symbol("bias", "β", r"\beta")
ONE = Number(1)


def same(first: Symbol, second: Symbol) -> Formula:
    """Kronecker's delta."""
    return Index(Symbol("delta", "δ", r"\delta"), (first, second))


def real(c: Bound) -> str:
    x = c.call.arguments["input"]
    return "complex numbers" if x.dtype.is_complex else "an empty input" if not x.numel else ""


# ---------------------------------------------------------------- softmax


def softmax_axis(c: Bound) -> int:
    if c.dim is not None:
        return int(c.dim)
    return 0 if c.output.dim() in (0, 1, 3) else 1  # F.softmax without dim, deprecated


def softmax_vjp(c: Bound, g: Tensor) -> Gradients:
    return {"input": (c.output * (g - (g * c.output).sum(softmax_axis(c), keepdim=True))).to(c.input.dtype)}


def softmax_magnitude(c: Bound, m: Tensor) -> Gradients:
    return {"input": (c.output * (m + (m * c.output).sum(softmax_axis(c), keepdim=True))).to(c.input.dtype)}


def log_softmax_vjp(c: Bound, g: Tensor) -> Gradients:
    return {"input": (g - c.output.exp() * g.sum(softmax_axis(c), keepdim=True)).to(c.input.dtype)}


def log_softmax_magnitude(c: Bound, m: Tensor) -> Gradients:
    return {"input": (m + c.output.exp() * m.sum(softmax_axis(c), keepdim=True)).to(c.input.dtype)}


def over_axis(
    name: str, formula: Formula, partial: Formula, vjp: Callable[..., Gradients], magnitude: Callable[..., Gradients]
) -> tuple[Adjoint, Adjoint]:
    """The rule for torch.name and for F.name, whose arguments stand in another order."""
    spelt = (
        (name, "input, dim, dtype=None", f"torch.{name} Tensor.{name} special.{name}"),
        (f"functional_{name}", "input, dim=None, _stacklevel=3, dtype=None", f"F.{name}"),
    )
    first, second = (
        rule(
            of,
            signature,
            functions=functions,
            formula=formula,
            partials={"input": partial},
            keeps="output",
            symbol=name.replace("_", " "),
            magnitude=magnitude,
        )(vjp)
        for of, signature, functions in spelt
    )
    return first, second


softmax, functional_softmax = over_axis(
    "softmax",
    exp(Index(x, (i,))) / Sum("j", exp(Index(x, (j,)))),
    Index(y, (i,)) * (same(i, j) - Index(y, (j,))),
    softmax_vjp,
    softmax_magnitude,
)
log_softmax, functional_log_softmax = over_axis(
    "log_softmax",
    Index(x, (i,)) - log(Sum("j", exp(Index(x, (j,))))),
    same(i, j) - exp(Index(y, (j,))),
    log_softmax_vjp,
    log_softmax_magnitude,
)

# ---------------------------------------------------------------- normalisation

STANDARDISED = (x - mean) / sqrt(variance + epsilon) * gamma + beta
STANDARDISED_PARTIALS = {
    "input": gamma / deviation * (same(i, j) - 1 / N - Index(normal, (i,)) * Index(normal, (j,)) / N),
    "weight": normal,
    "bias": ONE,
}


def affine(c: Bound, g: Tensor, normalised: Tensor) -> tuple[Gradients, Tensor]:
    """For y = x̂·γ + β: the gradients of γ and β, summed over what shares them, and that of x̂."""
    shape, axes = scale_shape(c)
    gradients: Gradients = {}
    for name in ("weight", "bias"):
        if c.needs(name):
            partial = g * normalised if name == "weight" else g
            argument = c.call.arguments[name]
            gradients[name] = (partial.sum(axes) if axes else partial).reshape(argument.shape).to(argument.dtype)
    return gradients, g if c.weight is None else g * c.weight.reshape(shape)


def single(t: Tensor) -> Tensor:
    """At least float32: PyTorch keeps the statistics of half precision numbers so."""
    return t.float() if t.dtype in (torch.float16, torch.bfloat16) else t


def standardised(c: Bound, g: Tensor, axes: list[int], groups: tuple[int, ...] | None, positive: bool) -> Gradients:
    """The vjp of layer and group norm, which differ in the axes they take the mean over.

    groups      the shape in which `axes` are counted, where it is not that of x
    positive    the magnitude: every term positive, x̂ taken as (|x| + |μ|)/σ
    """
    full, g = single(c.input), single(g)
    if groups is not None:
        full = full.reshape(groups)
    mean = full.mean(axes, keepdim=True)
    centred = full - mean
    # products and means run vectorised on a CPU, torch.var does not: it takes 10 to 20 times as long
    inverse = ((centred * centred).mean(axes, keepdim=True) + c.eps).rsqrt()
    normalised = (full.abs() + mean.abs()) * inverse if positive else centred * inverse
    gradients, ghat = affine(c, g, normalised.reshape(c.input.shape))
    if c.needs("input"):
        ghat = (ghat.abs() if positive else ghat).reshape(full.shape)
        others = ghat.mean(axes, keepdim=True) + normalised * (ghat * normalised).mean(axes, keepdim=True)
        gradient = (ghat + others if positive else ghat - others) * inverse
        gradients["input"] = gradient.reshape(c.input.shape).to(c.input.dtype)
    return gradients


def by_channel(c: Bound, g: Tensor, axes: list[int], positive: bool) -> Gradients:
    """The same where γ and β are one number along `axes`, as in batch and instance norm.

    Then the sums in ∂L/∂x are those that γ and β need, and the rest is one multiple of g and one of x − μ:

        ∂L/∂x = γ/σ · (g − Σg/n − (x − μ)/σ · Σ(g·x̂)/n)
    """
    full, g = single(c.input), single(g)
    shape = scale_shape(c)[0]
    mean = full.mean(axes, keepdim=True)
    centred = full - mean
    inverse = ((centred * centred).mean(axes, keepdim=True) + c.eps).rsqrt()
    if positive:
        centred = full.abs() + mean.abs()
    sums = {"bias": g.sum(axes, keepdim=True), "weight": (g * centred).sum(axes, keepdim=True) * inverse}
    gradients: Gradients = {}
    for name in ("weight", "bias"):
        if c.needs(name):
            argument = c.call.arguments[name]
            gradients[name] = sums[name].sum_to_size(shape).reshape(argument.shape).to(argument.dtype)
    if c.needs("input"):
        scale = inverse if c.weight is None else inverse * c.weight.reshape(shape)
        scale = scale.abs() if positive else scale
        share = scale * (sums["bias"].numel() / full.numel() * (1 if positive else -1))
        rest = (centred * (share * inverse * sums["weight"])).add_(share * sums["bias"])
        gradients["input"] = rest.addcmul_(g, scale).to(c.input.dtype)
    return gradients


def scale_shape(c: Bound) -> tuple[tuple[int, ...], list[int]]:
    """How γ is shaped to act on x, and the axes of x that it is shared over."""
    shape = c.call.arguments["input"].shape
    if "normalized_shape" in c.call.arguments:
        trailing = tuple(c.normalized_shape)
        return trailing, list(range(len(shape) - len(trailing)))
    axes = [0, *range(2, len(shape))]
    return tuple(1 if a in axes else shape[a] for a in range(len(shape))), axes


def trailing_axes(c: Bound) -> list[int]:
    return list(range(-len(c.normalized_shape), 0))


@rule(
    "layer_norm",
    "input, normalized_shape, weight=None, bias=None, eps=1e-05",
    functions="F.layer_norm",
    formula=STANDARDISED,
    partials=STANDARDISED_PARTIALS,
    keeps="input weight",
    symbol="LayerNorm",
    note="Ba, Kiros & Hinton 2016; μ and σ² over the last axes of each sample",
    declines=real,
    magnitude=lambda c, m: positive(standardised(c, m, trailing_axes(c), None, positive=True)),
)
def layer_norm(c: Bound, g: Tensor) -> Gradients:
    return standardised(c, g, trailing_axes(c), None, positive=False)


def positive(gradients: Gradients) -> Gradients:
    return {name: g.abs() for name, g in gradients.items()}


def in_groups(c: Bound) -> tuple[int, ...]:
    return (c.input.shape[0], c.num_groups, -1)


@rule(
    "group_norm",
    "input, num_groups, weight=None, bias=None, eps=1e-05",
    functions="F.group_norm",
    formula=STANDARDISED,
    partials=STANDARDISED_PARTIALS,
    keeps="input weight",
    symbol="GroupNorm",
    note="Wu & He 2018; μ and σ² over the channels of a group and all positions, for each sample",
    declines=real,
    magnitude=lambda c, m: positive(standardised(c, m, [2], in_groups(c), positive=True)),
)
def group_norm(c: Bound, g: Tensor) -> Gradients:
    return standardised(c, g, [2], in_groups(c), positive=False)


BATCH_NORM = "input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-05"


def uses_batch(c: Bound) -> bool:
    return bool(c.training) or c.call.arguments["running_mean"] is None


@rule(
    "batch_norm",
    BATCH_NORM,
    functions="F.batch_norm",
    formula=STANDARDISED,
    partials=STANDARDISED_PARTIALS,
    keeps="input weight",
    symbol="BatchNorm",
    note="Ioffe & Szegedy 2015; μ and σ² over the batch and all positions, for each channel",
    declines=lambda c: real(c) if uses_batch(c) else "running statistics",
    magnitude=lambda c, m: positive(by_channel(c, m, scale_shape(c)[1], positive=True)),
)
def batch_norm(c: Bound, g: Tensor) -> Gradients:
    return by_channel(c, g, scale_shape(c)[1], positive=False)


def with_running_statistics(c: Bound, g: Tensor, centred: Tensor) -> Gradients:
    inverse = (c.running_var + c.eps).rsqrt().reshape(scale_shape(c)[0])
    gradients, ghat = affine(c, g, centred * inverse)
    if c.needs("input"):
        gradients["input"] = ghat * inverse
    return gradients


@rule(
    "batch_norm_eval",
    BATCH_NORM,
    functions="F.batch_norm",
    formula=STANDARDISED,
    partials={"input": gamma / deviation, "weight": normal, "bias": ONE},
    keeps="input weight running_mean running_var",
    symbol="BatchNorm",
    note="in evaluation μ and σ² are the running statistics, and constants",
    declines=lambda c: "statistics of the batch" if uses_batch(c) else real(c),
    magnitude=lambda c, m: positive(
        with_running_statistics(c, m, c.input.abs() + c.running_mean.abs().reshape(scale_shape(c)[0]))
    ),
)
def batch_norm_eval(c: Bound, g: Tensor) -> Gradients:
    return with_running_statistics(c, g, c.input - c.running_mean.reshape(scale_shape(c)[0]))


def positions(c: Bound) -> list[int]:
    return list(range(2, len(c.call.arguments["input"].shape)))


@rule(
    "instance_norm",
    "input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-05",
    functions="F.instance_norm",
    formula=STANDARDISED,
    partials=STANDARDISED_PARTIALS,
    keeps="input weight",
    symbol="InstanceNorm",
    note="Ulyanov et al. 2016; μ and σ² over all positions, for each channel of each sample",
    declines=lambda c: real(c) if c.use_input_stats else "running statistics",
    magnitude=lambda c, m: positive(by_channel(c, m, positions(c), positive=True)),
)
def instance_norm(c: Bound, g: Tensor) -> Gradients:
    return by_channel(c, g, positions(c), positive=False)


length = Symbol("v_norm", "‖v‖", r"\lVert v\rVert")
v, gain = Symbol("v"), Symbol("g")


def weight_norm_vjp(c: Bound, upstream: Tensor, positive: bool = False) -> Gradients:
    """w = g·v/‖v‖, the norm over all axes but one."""
    axes = [axis for axis in range(c.v.dim()) if axis != c.dim % c.v.dim()]
    size = torch.linalg.vector_norm(c.v, dim=axes, keepdim=True)
    unit = c.v / size
    along = (upstream * unit).sum(axes, keepdim=True)
    gradients: Gradients = {}
    if c.needs("g"):
        gradients["g"] = along
    if c.needs("v"):
        moved = upstream + unit * along if positive else upstream - unit * along
        gradients["v"] = c.g / size * moved
    return gradients


@rule(
    "weight_norm",
    "v, g, dim=0",
    functions="torch._weight_norm",
    formula=gain * v / length,
    partials={"v": gain / length * (same(i, j) - Index(v, (i,)) * Index(v, (j,)) / length**2), "g": v / length},
    keeps="v g",
    note="Salimans & Kingma 2016",
    declines=lambda c: "the norm over everything" if c.dim == -1 else "",
    magnitude=lambda c, m: weight_norm_vjp(Bound(c.call, absolute=True), m, positive=True),
)
def weight_norm(c: Bound, g: Tensor) -> Gradients:
    return weight_norm_vjp(c, g)


def root_mean_square(c: Bound, g: Tensor, sign: int) -> Gradients:
    axes = trailing_axes(c)
    eps = torch.finfo(c.input.dtype).eps if c.eps is None else c.eps
    full, g = single(c.input), single(g)
    inverse = ((full * full).mean(axes, keepdim=True) + eps).rsqrt()
    normalised = full * inverse
    gradients, ghat = affine(c, g, normalised)
    if c.needs("input"):
        shared = normalised * (ghat * normalised).mean(axes, keepdim=True)
        gradients["input"] = (inverse * (ghat + sign * shared)).to(c.input.dtype)
    return gradients


@rule(
    "rms_norm",
    "input, normalized_shape, weight=None, eps=None",
    functions="F.rms_norm torch.rms_norm",
    formula=x / sqrt(named("mean", x**2) + epsilon) * gamma,
    partials={
        "input": gamma / deviation * (same(i, j) - Index(normal, (i,)) * Index(normal, (j,)) / N),
        "weight": normal,
    },
    keeps="input weight",
    symbol="RMSNorm",
    note="Zhang & Sennrich 2019",
    declines=real,
    magnitude=lambda c, m: root_mean_square(Bound(c.call, absolute=True), m, 1),
)
def rms_norm(c: Bound, g: Tensor) -> Gradients:
    return root_mean_square(c, g, -1)


# ---------------------------------------------------------------- dropout

mask, p = Symbol("mask", "m", "m"), Symbol("p")


def drawn_factor(c: Bound, out: Tensor) -> dict[str, Tensor] | None:
    """m/(1 − p), which PyTorch keeps for its own backward pass: drawing again would disturb the random state.

    Not to be had where saved tensors are packed by the user's hooks (checkpointing): reading would unpack them.
    """
    if torch._C._autograd._top_saved_tensors_default_hooks(False) is not None:
        return None
    node = out.grad_fn
    kind = type(node).__name__
    if kind == "MulBackward0":
        factor = getattr(node, "_saved_other", None)
        return None if factor is None else {"factor": factor}
    if kind == "NativeDropoutBackward0":
        scale = 0.0 if c.p == 1 else 1 / (1 - c.p)
        return {"factor": node._saved_result1 * scale}  # type: ignore[union-attr]
    return None


@rule(
    "dropout",
    "input, p=0.5, training=True, inplace=False",
    functions="F.dropout torch.dropout torch.feature_dropout",
    formula=x * mask / (1 - p),
    partials={"input": mask / (1 - p)},
    symbol="dropout",
    note="Srivastava et al. 2014; m is 0 with probability p, else 1",
    save=drawn_factor,
    local=lambda c, argument: c.saved["factor"] if argument == "input" else None,
)
def dropout(c: Bound, g: Tensor) -> Gradients:
    return {"input": g * c.saved["factor"]}
