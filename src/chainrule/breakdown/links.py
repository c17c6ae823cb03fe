"""How single numbers enter single numbers: the pattern of every call's local derivative, for a whole step at once.

derivation.py follows one weight with the vjp's rows. A Link says the same for all numbers of a value together, as
data: whoever has the links, the values and the gradients of a step can follow any weight by multiplying and adding.

A pattern is one of five. Each says which numbers of `output` a number of `value` enters, and the partial there:

- Aligned    the two go together by broadcasting (a sigmoid, an added bias, a mean): one partial for each pair
- Product    a sum over shared letters (a linear layer): the partial is an entry of the other operand
- Windows    a convolution: the same sum over the positions of a sliding window
- Gathered   numbers moved, chosen or repeated (a view, max pooling, an embedding): the partial is 1
- Rows       every number of a row enters every number of the same row (a softmax)

Where none of them is known to hold there is no pattern, and the gradient is all that can be said.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch

from chainrule.breakdown.backward import pair
from chainrule.formula import Formula, Number
from chainrule.formula.tree import Cases
from chainrule.rules import Bound, Contraction, Rule, rule_of
from chainrule.rules.conv import per_axis
from chainrule.step import Argument, Call, Value, arguments_of

Tensor = torch.Tensor
Shape: TypeAlias = tuple[int, ...]

WIDEST = 16  # columns of a softmax up to which its partials are written out
ROWWISE = {"softmax", "log_softmax", "layer_norm", "rms_norm", "softmin", "normalize"}
REDUCTIONS = {"sum", "mean", "amax", "amin", "logsumexp", "var", "std", "prod", "nansum", "nanmean"}
CONVOLUTIONS = {"conv1d": 1, "conv2d": 2, "conv3d": 3}


@dataclass(frozen=True, slots=True)
class Aligned:
    """out[b] and in[b] go together by broadcasting; `partials` broadcasts to the same shape.

    input    the input's shape, with axes of size 1 where it would not align without
    output   the output's shape with the reduced axes kept, likewise
    """

    partials: Tensor
    input: Shape
    output: Shape


@dataclass(frozen=True, slots=True)
class Product:
    """out[…] = factor · Σ in[…]·other[…] over the letters that `output` lacks; one letter for each axis.

    An axis of size 1 stands for every value of its letter (broadcast batch axes).
    """

    other: Value
    letters: tuple[str, str, str]
    factor: float


@dataclass(frozen=True, slots=True)
class Windows:
    """out[n,o,y] = Σ x[n,c,s·y + d·k − p]·W[o,c,k]; `weight` tells whether in is W or x, `other` is the other one."""

    other: Value
    weight: bool
    stride: Shape
    padding: Shape
    dilation: Shape
    groups: int


@dataclass(frozen=True, slots=True)
class Gathered:
    """out[k] = in[source[k]] in flat indices, shape of the output; −1 where it comes from elsewhere."""

    source: Tensor


@dataclass(frozen=True, slots=True)
class Rows:
    """∂out[…,j]/∂in[…,i] = partials[…,j,i]."""

    partials: Tensor


Pattern: TypeAlias = Aligned | Product | Windows | Gathered | Rows


@dataclass(frozen=True, slots=True)
class Link:
    """One use of a value in a call.

    partial   the rule's notation of ∂output/∂value; None for an opaque call
    pattern   None where only the gradient is known
    """

    call: Call
    argument: str
    value: Value
    output: Value
    partial: Formula | None
    pattern: Pattern | None

    @property
    def why(self) -> str:
        """The partial in words."""
        rule = rule_of(self.call)
        if rule is None:
            return "by autograd (opaque)"
        match self.pattern:
            case Product() | Windows():
                return "the input it saw" if self.value.kind == "parameter" else "the weight that carried it"
            case Gathered():
                return "moved, not changed"
        if isinstance(rule, Contraction) and self.argument == rule.added:
            return "a bias is added as it is"
        return f"slope of {rule.symbol or rule.name}" if self.output.shape else "slope of the loss"


def links(call: Call, largest: int = 1 << 20) -> list[Link]:
    """One link for each argument that a gradient flows to; of several outputs the first is linked.

    A pattern that has a number for each entry is not looked for where there are more than `largest` entries.
    """
    rule = rule_of(call)
    found = []
    for name, argument in call.arguments.items():
        for value in arguments_of(argument):
            if value.requires_grad:
                partial = rule.partials.get(name) if rule is not None else None
                pattern = _pattern(call, name, argument, value, largest)
                found.append(Link(call, name, value, call.output, partial, pattern))
    return found


def _pattern(call: Call, name: str, argument: Argument, value: Value, largest: int) -> Pattern | None:
    rule = rule_of(call)
    if rule is None or len(call.outputs) != 1 or call.missing(rule.keeps):
        return None
    if not value.dtype.is_floating_point:
        return None
    if sum(part is value for part in arguments_of(argument)) > 1:  # cat([x, x])
        return None
    with torch.no_grad():
        found = _product(rule, call, name, value) or _windows(rule, call, name, value)
        if found is not None or max(value.numel, call.output.numel) > largest:
            return found
        looks = (look(rule, call, name, value) for look in (_embedded, _local, _reduced, _rows, _moved))
        return next((pattern for pattern in looks if pattern is not None), None)


def _product(rule: Rule, call: Call, name: str, value: Value) -> Pattern | None:
    if not isinstance(rule, Contraction):
        return None
    c = Bound(call)
    beta, alpha = (getattr(c, scale) for scale in rule.scales) if rule.scales else (1, 1)
    if name == rule.added:
        return Aligned(torch.tensor(float(beta), dtype=torch.float64), value.shape, call.output.shape)
    if name not in rule.operands:
        return None
    first, second, output = _named_batch(rule.equations(c), call.output)
    other = call.arguments[rule.operands[1] if name == rule.operands[0] else rule.operands[0]]
    mine, theirs = (first, second) if name == rule.operands[0] else (second, first)
    mine, theirs = (part[len(part) - len(v.shape) :] for part, v in ((mine, value), (theirs, other)))
    return Product(other, (mine, theirs, output), float(alpha))


def _named_batch(equation: tuple[str, str, str], output: Value) -> tuple[str, str, str]:
    """The equation with "…" written as as many capitals as the output has batch axes."""
    names = "ABCDEFGH"[: len(output.shape) - len(equation[2].replace("...", ""))]
    first, second, out = (part.replace("...", names) for part in equation)
    return first, second, out


def _windows(rule: Rule, call: Call, name: str, value: Value) -> Pattern | None:
    axes = CONVOLUTIONS.get(rule.name)
    if axes is None or len(call.output.shape) != axes + 2:
        return None
    c = Bound(call)
    if name == "bias":
        return Aligned(torch.ones(()), value.shape + (1,) * axes, call.output.shape)
    if isinstance(c.padding, str):
        return None
    stride, padding, dilation = (per_axis(getattr(c, n), axes) for n in ("stride", "padding", "dilation"))
    other = call.arguments["weight" if name == "input" else "input"]
    return Windows(other, name == "weight", stride, padding, dilation, c.groups)


def _embedded(rule: Rule, call: Call, name: str, value: Value) -> Pattern | None:
    if rule.name != "embedding" or name != "weight":
        return None
    width = value.shape[1]
    return Gathered(Bound(call).input[..., None].long() * width + torch.arange(width))


def _local(rule: Rule, call: Call, name: str, value: Value) -> Pattern | None:
    partials = rule.local(Bound(call), name)
    if partials is None:
        return None
    return Aligned(partials, value.shape, call.output.shape) if _aligns(value.shape, call.output.shape) else None


def _reduced(rule: Rule, call: Call, name: str, value: Value) -> Pattern | None:
    """Each number enters one number only, so the vjp of ones is the partials."""
    if call.output.numel == 1:
        kept: Shape = ()
    elif rule.name in REDUCTIONS and call.arguments.get("dim") is not None:
        given = call.arguments["dim"]
        dims = {d % len(value.shape) for d in ((given,) if isinstance(given, int) else given)}
        kept = tuple(1 if d in dims else size for d, size in enumerate(value.shape))
    else:
        return None
    sent = _sent(rule, call, name, value, torch.ones(call.output.shape, dtype=call.output.dtype))
    return None if sent is None else Aligned(sent, value.shape, kept)


def _rows(rule: Rule, call: Call, name: str, value: Value) -> Pattern | None:
    width = value.shape[-1] if value.shape else 0
    last = call.arguments.get("dim", -1) in (-1, len(value.shape) - 1)
    normed = call.arguments.get("normalized_shape", (width,))
    if (
        rule.name.removeprefix("functional_") not in ROWWISE
        or name != "input"
        or not last
        or len(normed) != 1
        or not 0 < width <= WIDEST
    ):
        return None
    found = []
    for j in range(width):
        g = torch.zeros(call.output.shape, dtype=call.output.dtype)
        g[..., j] = 1
        found.append(_sent(rule, call, name, value, g))
    return Rows(torch.stack(found, -2)) if all(part is not None for part in found) else None  # type: ignore[arg-type]


def _moved(rule: Rule, call: Call, name: str, value: Value) -> Pattern | None:
    """Whether the vjp only moves numbers: what it does to 1, 2, 3, … says where; numbers drawn at random confirm it."""
    output, partial = call.output, rule.partials.get(name)
    if partial != Number(1) and not (isinstance(partial, Cases) and partial.then == Number(1)):
        return None
    if output.dtype not in (torch.float32, torch.float64) or not output.numel:
        return None
    places = torch.arange(1, output.numel + 1, dtype=output.dtype).reshape(output.shape)
    into = _sent(rule, call, name, value, places)
    if into is None or bool(((into != into.round()) | (into < 0) | (into > output.numel)).any()):
        return None
    generator = torch.Generator().manual_seed(0)
    drawn = torch.rand(output.shape, dtype=output.dtype, generator=generator) + 1
    confirmed = _sent(rule, call, name, value, drawn)
    at = into.reshape(-1).long()
    expected = torch.where(at > 0, drawn.reshape(-1)[at - 1], torch.zeros((), dtype=output.dtype))
    if confirmed is None or not torch.equal(confirmed.reshape(-1), expected):
        return None
    source = torch.full((output.numel,), -1)
    used = at > 0
    source[at[used] - 1] = torch.arange(at.numel())[used]
    return Gathered(source.reshape(output.shape))


def _sent(rule: Rule, call: Call, name: str, value: Value, g: Tensor) -> Tensor | None:
    """What the rule sends to this use of the value, given g."""
    sent = rule.vjp(Bound(call), g).get(name)
    return next((part for v, part in pair(call.arguments[name], sent) if v is value), None)


def _aligns(first: Shape, second: Shape) -> bool:
    try:
        np.broadcast_shapes(first, second)  # torch's own imports sympy, which takes longer than the whole page
    except ValueError:
        return math.prod(second) == 1
    return True
