"""Losses: a function of prediction x and target t for each element, then a mean or a sum.

The partials contain the 1/N of the mean; with reduction "sum" or "none" that factor is 1. A weighted cross-entropy
divides by the sum of the targets' weights instead of N.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from chainrule.formula import Index, Number, Sum, Symbol, symbols, symbols_of, where
from chainrule.formula.tree import Binary, Formula, absolute, exp, log, maximum, minimum, sigma, sign
from chainrule.rules.rule import Bound, Gradients, Rule, Tensor, compile_torch, named, rule, sizes, sum_to, x

t = Symbol("target", "t", "t")
delta = Symbol("delta", "δ", r"\delta")
beta = Symbol("beta", "β", r"\beta")
w = Symbol("pos_weight", "w", "w")
N = Symbol("N")
(j,) = symbols("j")


def legacy(c: Bound) -> str:
    """The two arguments that `reduction` replaced."""
    for name in ("size_average", "reduce"):
        if c.call.arguments.get(name) is not None:
            return f"the deprecated argument {name}"
    return "complex numbers" if c.call.arguments["input"].dtype.is_complex else ""


def over_n(partial: Formula) -> Formula:
    """∂ℓ/∂x divided by N: a number in front of it first, as PyTorch does, since 2(x − t) may overflow where
    (2/N)(x − t) does not."""
    match partial:
        case Binary("*", Number() as factor, rest):
            return factor / N * rest
    return partial / N


# ---------------------------------------------------------------- losses of one prediction and one target


class PointwiseLoss(Rule):
    """ℓ(x, t) for each element, then reduction: "mean" (the default), "sum", "none" or "batchmean".

    value       ℓ in x and t
    partials    ∂ℓ/∂x and ∂ℓ/∂t
    declines    a further reason to leave a call to autograd
    weighted    whether each element's loss may have a weight
    """

    def __init__(
        self,
        name: str,
        value: Formula,
        partials: dict[Symbol, Formula],
        signature: str,
        symbol: str,
        note: str = "",
        function: str = "",
        weighted: bool = False,
        declines: Callable[[Bound], str] | None = None,
    ) -> None:
        by_name = {argument.name: partial for argument, partial in partials.items()}
        read = set().union(*(symbols_of(partial) for partial in by_name.values()))
        read |= {"weight"} if weighted else set()
        mean = {argument: partial / N for argument, partial in by_name.items()}
        super().__init__(name, signature, [f"F.{function or name}"], value, mean, read, symbol, note)
        self.pointwise = value
        self.weighted = weighted
        self._declines = declines
        self._names = {a: sorted(symbols_of(f)) for a, f in by_name.items()}
        self._partial = {a: compile_torch(over_n(f), [*self._names[a], "N"]) for a, f in by_name.items()}
        self._size = {a: compile_torch(over_n(sizes(f)), [*self._names[a], "N"]) for a, f in by_name.items()}

    def declines(self, c: Bound) -> str:
        if not self.weighted and c.call.arguments.get("weight") is not None:
            return "a weight for each element"
        return legacy(c) or (self._declines(c) if self._declines else "")

    def _read(self, c: Bound, expression: Callable[..., Tensor], argument: str) -> Tensor:
        """A partial of ℓ as one of the reduced loss: times the element's weight, divided by N."""
        shape, target = c.call.arguments["input"].shape, c.call.arguments["target"].shape
        if target != shape:
            shape = torch.broadcast_shapes(shape, target)
        count = 1
        if c.reduction == "mean":
            count = max(math.prod(shape), 1)  # of no element there is no slope
        elif c.reduction == "batchmean" and c.input.dim():
            count = c.input.shape[0]
        found = expression(*(getattr(c, n) for n in self._names[argument]), N=count, dtype=c.input.dtype)
        found = found if isinstance(found, Tensor) else c.input.new_tensor(found)
        if self.weighted and c.weight is not None:
            found = found * c.weight
        return found.expand(shape)

    def local(self, c: Bound, argument: str) -> Tensor:
        """∂L/∂argument element by element, the 1/N of the mean included."""
        return self._read(c, self._partial[argument], argument)

    def vjp(self, c: Bound, g: Tensor) -> Gradients:
        return {a: sum_to(g * self.local(c, a), c.call.arguments[a].shape) for a in self._partial if c.needs(a)}

    def magnitude(self, c: Bound, m: Tensor) -> Gradients:
        return {
            a: sum_to(m * self._read(c, size, a).abs(), c.call.arguments[a].shape)
            for a, size in self._size.items()
            if c.needs(a)
        }


PLAIN = "input, target, size_average=None, reduce=None, reduction='mean', weight=None"

mse_loss = PointwiseLoss("mse_loss", (x - t) ** 2, {x: 2 * (x - t), t: 2 * (t - x)}, PLAIN, "MSE")
l1_loss = PointwiseLoss(
    "l1_loss", absolute(x - t), {x: sign(x - t), t: sign(t - x)}, PLAIN, "MAE", "slope 0 where x = t, as PyTorch"
)
smooth_l1_loss = PointwiseLoss(
    "smooth_l1_loss",
    where(absolute(x - t) < beta, (x - t) ** 2 / (2 * beta), absolute(x - t) - beta / 2),
    {
        x: where(absolute(x - t) >= beta, sign(x - t), (x - t) / beta),  # nan where x is
        t: where(absolute(x - t) >= beta, sign(t - x), (t - x) / beta),
    },
    "input, target, size_average=None, reduce=None, reduction='mean', beta=1.0",
    "smooth L1",
    "Girshick 2015 for β = 1",
)
huber_loss = PointwiseLoss(
    "huber_loss",
    where(absolute(x - t) <= delta, (x - t) ** 2 / 2, delta * (absolute(x - t) - delta / 2)),
    {
        x: where(absolute(x - t) > delta, delta * sign(x - t), x - t),
        t: where(absolute(x - t) > delta, delta * sign(t - x), t - x),
    },
    "input, target, reduction='mean', delta=1.0, weight=None",
    "Huber",
    "Huber 1964",
)

BCE = "input, target, weight=None, size_average=None, reduce=None, reduction='mean'"

SMALLEST = Number(9.999999960041972e-13, digits=1)  # PyTorch writes 1e-12 as a float32 (aten/native/Loss.cpp)

binary_cross_entropy = PointwiseLoss(
    "binary_cross_entropy",
    -(t * maximum(-100, log(x)) + (1 - t) * maximum(-100, log(1 - x))),
    {
        x: (x - t) / maximum(SMALLEST, x * (1 - x)),
        t: log(1 - x) - log(x),
    },
    BCE,
    "BCE",
    "PyTorch's bounds: ln x is no less than −100 in the value, x(1 − x) no less than 1e-12 in ∂/∂x",
    weighted=True,
)
binary_cross_entropy_with_logits = PointwiseLoss(
    "binary_cross_entropy_with_logits",
    -(t * log(sigma(x)) + (1 - t) * log(1 - sigma(x))),
    {x: sigma(x) - t, t: -x},
    f"{BCE}, pos_weight=None",
    "BCE∘σ",
    weighted=True,
    declines=lambda c: "" if c.pos_weight is None else "a weight for the positive class",
)
log_sigma = minimum(0, x) - log(1 + exp(-absolute(x)))  # ln σ(x), and nowhere the logarithm of 0
binary_cross_entropy_weighted = PointwiseLoss(
    "binary_cross_entropy_with_pos_weight",
    -(w * t * log(sigma(x)) + (1 - t) * log(1 - sigma(x))),
    {x: (1 - t) * sigma(x) - w * t * sigma(-x), t: (1 - w) * log_sigma - x},
    f"{BCE}, pos_weight=None",
    "BCE∘σ",
    function="binary_cross_entropy_with_logits",
    weighted=True,
    declines=lambda c: "no weight for the positive class" if c.pos_weight is None else "",
)


KL = "input, target, size_average=None, reduce=None, reduction='mean', log_target=False"


def plain_target(c: Bound) -> str:
    if c.log_target:
        return "log_target"
    return "t = 0, where PyTorch's slope is nan" if c.needs("target") and bool((c.target == 0).any()) else ""


kl_div = PointwiseLoss(
    "kl_div",
    t * (log(t) - x),
    {x: -t, t: log(t) + 1 - x},
    KL,
    "KL",
    "x is a logarithm of probabilities",
    declines=plain_target,
)
kl_div_log_target = PointwiseLoss(
    "kl_div_log_target",
    exp(t) * (t - x),
    {x: -exp(t), t: exp(t) * (t - x + 1)},
    KL,
    "KL",
    "x and t are logarithms of probabilities",
    function="kl_div",
    declines=lambda c: "" if c.log_target else "no log_target",
)

REDUCED = "input, target, size_average=None, reduce=None, reduction='mean'"
soft_margin_loss = PointwiseLoss(
    "soft_margin_loss",
    log(1 + exp(-t * x)),
    {x: -t * sigma(-t * x), t: -x * sigma(-t * x)},
    REDUCED,
    "soft margin",
    "t is 1 or −1",
    declines=lambda c: "a gradient for the target" if c.needs("target") else "",
)
margin = Symbol("margin", "m", "m")
hinge_embedding_loss = PointwiseLoss(
    "hinge_embedding_loss",
    where(t > 0, x, maximum(0, margin - x)),
    {x: where(t > 0, 1, where(x < margin, -1, 0)), t: Number(0)},
    "input, target, margin=1.0, size_average=None, reduce=None, reduction='mean'",
    "hinge",
    "t is 1 or −1",
    declines=lambda c: "" if bool((c.target.abs() == 1).all()) else "a target that is not 1 or −1",
)
poisson_nll_loss = PointwiseLoss(
    "poisson_nll_loss",
    exp(x) - t * x,
    {x: exp(x) - t, t: -x},
    "input, target, log_input=True, full=False, size_average=None, eps=1e-08, reduce=None, reduction='mean'",
    "Poisson NLL",
    "x is the logarithm of the rate",
    declines=lambda c: "full, or a rate that is no logarithm" if c.full or not c.log_input else "",
)


# ---------------------------------------------------------------- losses that compare two inputs

x1, x2 = Symbol("input1", "a"), Symbol("input2", "b")


def reduced(c: Bound, g: Tensor, shape: torch.Size | tuple[int, ...]) -> Tensor:
    """The upstream gradient of each element's loss."""
    return (g / math.prod(shape) if c.reduction == "mean" else g).expand(shape)


def ranking_vjp(c: Bound, g: Tensor) -> Gradients:
    value = c.margin - c.target * (c.input1 - c.input2)
    share = reduced(c, g, value.shape) * (value > 0) * c.target
    gradients = {"input1": -share, "input2": share}
    return {n: sum_to(v, c.call.arguments[n].shape) for n, v in gradients.items() if c.needs(n)}


margin_ranking_loss = rule(
    "margin_ranking_loss",
    "input1, input2, target, margin=0, size_average=None, reduce=None, reduction='mean'",
    functions="F.margin_ranking_loss",
    formula=maximum(0, margin - t * (x1 - x2)),
    partials={
        "input1": where(t * (x1 - x2) < margin, -t, 0) / N,
        "input2": where(t * (x1 - x2) < margin, t, 0) / N,
    },
    keeps="input1 input2 target margin",
    symbol="ranking",
    declines=lambda c: "a gradient for the target" if c.needs("target") else deprecated(c),
    magnitude=lambda c, m: {name: g.abs() for name, g in ranking_vjp(c, m).items()},
)(ranking_vjp)

anchor, near, far = Symbol("anchor", "a"), Symbol("positive", "p"), Symbol("negative", "n")


def triplet_vjp(c: Bound, g: Tensor, size: bool = False) -> Gradients:
    """d(a, p) − d(a, n) + m where that is positive; with swap, d(p, n) in place of the larger of d(a, n) and it."""
    to_near, to_far, across = (c.anchor - c.positive, c.anchor - c.negative, c.positive - c.negative)
    gaps = [gap + c.eps for gap in (to_near, to_far, across)]
    lengths = [torch.linalg.vector_norm(gap, dim=-1) for gap in gaps]
    swapped = (lengths[2] < lengths[1]) if c.swap else torch.zeros_like(lengths[1], dtype=torch.bool)
    value = lengths[0] - torch.where(swapped, lengths[2], lengths[1]) + c.margin
    share = reduced(c, g, value.shape) * (value > 0)
    units = [(gap / length.unsqueeze(-1)).nan_to_num(0) for gap, length in zip(gaps, lengths, strict=True)]
    near_part = share.unsqueeze(-1) * units[0]
    far_part = (share * ~swapped).unsqueeze(-1) * units[1]
    across_part = (share * swapped).unsqueeze(-1) * units[2]
    if size:
        near_part, far_part, across_part = near_part.abs(), far_part.abs(), across_part.abs()
        found = {
            "anchor": near_part + far_part,
            "positive": near_part + across_part,
            "negative": far_part + across_part,
        }
    else:
        found = {
            "anchor": near_part - far_part,
            "positive": -near_part - across_part,
            "negative": far_part + across_part,
        }
    return {name: sum_to(v, c.call.arguments[name].shape) for name, v in found.items() if c.needs(name)}


def triplet_declines(c: Bound) -> str:
    return "p other than 2" if c.p != 2 else deprecated(c)


def deprecated(c: Bound) -> str:
    return "a deprecated argument" if c.size_average is not None or c.reduce is not None else ""


triplet_margin_loss = rule(
    "triplet_margin_loss",
    "anchor, positive, negative, margin=1.0, p=2, eps=1e-06, swap=False, size_average=None, reduce=None, "
    "reduction='mean'",
    functions="F.triplet_margin_loss",
    formula=maximum(0, named("d", anchor, near) - named("d", anchor, far) + margin),
    partials={
        "anchor": ((anchor - near) / named("d", anchor, near) - (anchor - far) / named("d", anchor, far)) / N,
        "positive": (near - anchor) / named("d", anchor, near) / N,
        "negative": (anchor - far) / named("d", anchor, far) / N,
    },
    keeps="anchor positive negative",
    symbol="triplet",
    note="0 where the sum is not positive",
    declines=triplet_declines,
    magnitude=lambda c, m: triplet_vjp(c, m, size=True),
)(triplet_vjp)

# ---------------------------------------------------------------- losses of class scores and a class index


def class_axis(c: Bound) -> int:
    """Scores are (classes), (samples, classes) or (samples, classes, d1, ...)."""
    return 0 if c.input.dim() == 1 else 1


def chosen(c: Bound, g: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """For each sample, with a class axis of length 1: the class, its share of the upstream gradient, its weight.

    A sample whose target is ignore_index has share 0; with reduction "mean" the shares are divided by the sum of
    the weights of the others.
    """
    axis = class_axis(c)
    target = c.target.unsqueeze(axis)
    counted = target != c.ignore_index
    target = target * counted
    weight = counted.to(g.dtype)
    if c.weight is not None:
        weight = weight * c.weight[target]
    if c.reduction == "none":
        return target, g.unsqueeze(axis) * counted, weight
    if c.reduction == "sum":
        return target, g * counted, weight
    # where, not a product: with every target ignored 1/0 is infinite, and PyTorch's gradient is 0
    return target, g * torch.where(counted, 1 / weight.sum(), g.new_zeros(())), weight


SCORES = "input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean'"


def class_indices(c: Bound) -> str:
    if c.needs("weight"):
        return "a gradient for the classes' weights"
    return "class probabilities as target" if c.target.is_floating_point() else legacy(c)


def nll(c: Bound, g: Tensor, sign: int) -> Gradients:
    target, share, weight = chosen(c, g)
    gradient = share.new_zeros(c.input.shape)
    return {"input": gradient.scatter_add(class_axis(c), target, sign * share * weight)}


@rule(
    "nll_loss",
    SCORES,
    functions="F.nll_loss",
    formula=-Index(x, (t,)),
    partials={"input": -(named("onehot", t) / N)},
    keeps="target weight",
    symbol="NLL",
    declines=class_indices,
    magnitude=lambda c, m: absolute_values(nll(c, m, 1)),
)
def nll_loss(c: Bound, g: Tensor) -> Gradients:
    return nll(c, g, -1)


def absolute_values(gradients: Gradients) -> Gradients:
    return {name: g.abs() for name, g in gradients.items()}


def cross_entropy_terms(c: Bound, g: Tensor, probabilities: Tensor, sign: int) -> Gradients:
    """Σ_k q_k · softmax(x) − q, where q is the target: one-hot, smoothed towards 1/C for each of the C classes."""
    axis = class_axis(c)
    target, share, weight = chosen(c, g)
    smoothing = c.label_smoothing
    hard = share * weight
    if not smoothing:
        return {"input": (probabilities * hard).scatter_add_(axis, target, sign * hard)}
    classes = c.input.shape[axis]
    soft = g.new_full((classes,), smoothing / classes) if c.weight is None else c.weight * (smoothing / classes)
    soft = share * soft.reshape([-1 if a == axis else 1 for a in range(c.input.dim())])
    hard = hard * (1 - smoothing)
    total = hard + soft.sum(axis, keepdim=True)
    return {"input": (probabilities * total + sign * soft).scatter_add_(axis, target, sign * hard)}


def softmax_with_rounding(c: Bound) -> Tensor:
    """softmax(x) times one plus the size of its exponent: how far rounding the exponent can move it."""
    probabilities = torch.softmax(c.input, class_axis(c))
    rounding: Tensor = torch.special.entr(probabilities)  # −p ln p
    return probabilities + rounding


@rule(
    "cross_entropy",
    f"{SCORES}, label_smoothing=0.0",
    functions="F.cross_entropy",
    formula=-log(Index(named("softmax", x), (t,))),
    partials={"input": (named("softmax", x) - named("onehot", t)) / N},
    keeps="input target weight",
    symbol="CE",
    declines=class_indices,
    magnitude=lambda c, m: absolute_values(cross_entropy_terms(c, m, softmax_with_rounding(c), 1)),
)
def cross_entropy(c: Bound, g: Tensor) -> Gradients:
    return cross_entropy_terms(c, g, torch.softmax(c.input, class_axis(c)), -1)


# ---------------------------------------------------------------- cross-entropy against class probabilities


def class_probabilities(c: Bound) -> str:
    if c.needs("weight"):
        return "a gradient for the classes' weights"
    return legacy(c) if c.target.is_floating_point() else "class indices as target"


def soft_cross_entropy(c: Bound, g: Tensor, probabilities: Tensor, sign: int) -> Gradients:
    axis = class_axis(c)
    classes = c.input.shape[axis]
    share = g.unsqueeze(axis) if c.reduction == "none" else g
    if c.reduction == "mean":
        share = share * (classes / c.input.numel())
    if c.weight is not None:
        share = share * c.weight.reshape([-1 if a == axis else 1 for a in range(c.input.dim())])
    gradients: Gradients = {}
    if c.needs("input"):
        q = c.target * (1 - c.label_smoothing) + c.label_smoothing / classes if c.label_smoothing else c.target
        q = share * q
        gradients["input"] = probabilities * q.sum(axis, keepdim=True) + sign * q
    if c.needs("target"):
        gradients["target"] = share * torch.log_softmax(c.input, axis) * (c.label_smoothing - 1)
    return gradients


@rule(
    "cross_entropy_of_probabilities",
    f"{SCORES}, label_smoothing=0.0",
    functions="F.cross_entropy",
    formula=-Sum("j", Index(t, (j,)) * log(Index(named("softmax", x), (j,)))),
    partials={"input": (named("softmax", x) - t) / N, "target": -(log(named("softmax", x)) / N)},
    keeps="input target weight",
    symbol="CE",
    declines=class_probabilities,
    magnitude=lambda c, m: absolute_values(soft_cross_entropy(c, m, softmax_with_rounding(c), 1)),
)
def cross_entropy_of_probabilities(c: Bound, g: Tensor) -> Gradients:
    return soft_cross_entropy(c, g, torch.softmax(c.input, class_axis(c)), -1)
