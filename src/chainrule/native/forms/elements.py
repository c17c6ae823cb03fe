"""Functions that act on each number alone, and losses of one prediction and one target: read from our rules."""

from __future__ import annotations

from typing import Any

from chainrule.formula import Formula, Symbol
from chainrule.formula.tree import Binary
from chainrule.native.forms.notation import Reader
from chainrule.native.forms.site import Adjoint, Made, Site
from chainrule.native.graph import Node
from chainrule.rules.losses import PointwiseLoss
from chainrule.rules.rule import Elementwise


def bound(s: Site) -> dict[str, Any]:
    """The arguments by name, those that are tensors aligned inside a sample."""
    arguments = {name: getattr(s, name) for name in s.call.arguments}
    names = [name for name, argument in arguments.items() if isinstance(argument, Node)]
    return arguments | dict(zip(names, s.operands(*(arguments[name] for name in names)), strict=True))


def tensors(s: Site) -> list[str]:
    return [name for name in s.call.arguments if isinstance(getattr(s, name), Node)]


def pull_back(s: Site, y: Node, names: dict[str, Any], partials: dict[str, Formula]) -> Adjoint:
    """g · ∂y/∂argument for every argument that is a tensor, summed over the axes along which it was broadcast."""

    def adjoint(g: Node) -> dict[str, Any]:
        reader = Reader(s.graph, {**names, "output": y})
        gradients = {name: reader.times(g, partials[name]) for name in tensors(s) if name in partials}
        return {name: s.sum_to(gradient, y, getattr(s, name)) for name, gradient in gradients.items()}

    return adjoint


def elementwise(rule: Elementwise, s: Site) -> Made:
    names = bound(s)
    y = Reader(s.graph, names).read(rule.formula)
    return y, pull_back(s, y, names, rule.partials)


def pointwise(rule: PointwiseLoss, s: Site) -> Made:
    """ℓ(x, t) for each element, weighted, then the mean or the sum over all of them."""
    names = bound(s)
    each = Reader(s.graph, names).read(rule.pointwise)
    partials = {name: one_element(partial) for name, partial in rule.partials.items()}
    back = pull_back(s, each, names, partials)
    weight = names.get("weight")
    loss = each if weight is None else s("mul", each, weight)
    count = {"sum": 1, "none": 1, "mean": s.count(loss), "batchmean": s.samples}[s.reduction]

    def adjoint(g: Node) -> dict[str, Any]:
        g = s("mul", g, 1 / count)
        return back(g if weight is None else s("mul", g, weight))

    if s.reduction == "none":
        return loss, adjoint
    return s("mul", s.total(loss), 1 / count), adjoint


def one_element(partial: Formula) -> Formula:
    """A loss's rule states ∂L/∂x with the 1/N of the mean; here without."""
    match partial:
        case Binary("/", body, Symbol("N")):
            return body
    raise TypeError(f"{partial!r} is not divided by N")


def pow_(s: Site) -> Made:
    s.need(not isinstance(s.exponent, Node), "its exponent is a tensor")
    reader = Reader(s.graph, {"x": s.input, "p": s.exponent, "q": s.exponent - 1})
    power = Symbol("x") ** Symbol("p")
    slope = Symbol("x") ** Symbol("q")
    return reader.read(power), lambda g: {"input": s("mul", g, s("mul", s.exponent, reader.read(slope)))}


def clamp(s: Site) -> Made:
    """The gradient passes where lo ≤ x ≤ hi."""
    low, high = (s.call.arguments.get(name) for name in ("min", "max"))
    s.need(all(v is None or isinstance(v, int | float) for v in (low, high)), "its bounds are tensors")
    y = s.input
    if low is not None:
        y = s("maximum", y, low)
    if high is not None:
        y = s("minimum", y, high)

    def adjoint(g: Node) -> dict[str, Any]:
        if low is not None:
            g = s("where", s("ge", s.input, low), g, 0.0)
        if high is not None:
            g = s("where", s("ge", high, s.input), g, 0.0)
        return {"input": g}

    return y, adjoint


def prelu(s: Site) -> Made:
    """x where it is positive, else a·x; a for each channel, or one for all."""
    x, a = s.input, s.weight
    if a.shape != (1,):
        a = s("reshape", a, shape=(*a.shape, *(1,) * (len(x.shape) - 1)))
    positive = s("gt", x, 0.0)
    y = s("where", positive, x, s("mul", a, x))

    def adjoint(g: Node) -> dict[str, Any]:
        slope = s.sum_to(s("where", positive, 0.0, s("mul", g, x)), y, a)
        return {
            "input": s("where", positive, g, s("mul", g, a)),
            "weight": s("reshape", slope, shape=s.weight.shape),
        }

    return y, adjoint
