"""Losses of class scores and a class.

Scores are (samples, classes) or (samples, classes, d1, …); inside a sample the classes are axis 0. Each place counts
with w, the weight of its class; "mean" divides by the sum of all w. Ignored targets have no native form.
"""

from __future__ import annotations

from typing import Any

from chainrule.native.forms.layers import shares
from chainrule.native.forms.site import Made, Site
from chainrule.native.graph import Node


def nll_loss(s: Site) -> Made:
    chosen, counted = target(s)
    return reduced(
        s, s("neg", along_classes(s, s("mul", chosen, s.input))), counted, lambda g: s("neg", times(s, g, chosen))
    )


def cross_entropy(s: Site) -> Made:
    """−Σ q·ln softmax(x), q the class as one-hot, smoothed towards 1/C by ε; ∂/∂x = softmax(x)·Σq − q."""
    chosen, counted = target(s)
    smoothing = s.label_smoothing
    if smoothing:
        s.need(s.call.arguments.get("weight") is None and counted is None,
               "smoothed labels with weights of the classes")  # fmt: skip
        chosen = s("add", s("mul", chosen, 1 - smoothing), smoothing / s.input.shape[0])
    return entropy(s, chosen, counted, 1.0 if counted is None else along_classes(s, chosen))


def cross_entropy_of_probabilities(s: Site) -> Made:
    s.need(s.call.arguments.get("weight") is None and not s.label_smoothing, "weights of the classes, or smoothing")
    return entropy(s, s.target, None, along_classes(s, s.target))


def entropy(s: Site, q: Node, counted: Node | None, total: Node | float) -> Made:
    z, sum_of_exp, p = shares(s, s.input, 0)
    log_p = s("sub", z, s("log", sum_of_exp))

    def adjoint(g: Node) -> Node:
        whole = p if total == 1.0 else s("mul", p, total if isinstance(total, float) else as_classes(s, total))
        return times(s, g, s("sub", whole, q))

    return reduced(s, s("neg", along_classes(s, s("mul", q, log_p))), counted, adjoint)


def target(s: Site) -> tuple[Node, Node | None]:
    """One-hot times w along axis 0, and w itself; None where it is 1 everywhere."""
    s.need(s.input.over == "batch" and s.target.kind == "index", "its target is no class of each sample")
    rank = len(s.target.shape)
    classes = s.input.shape[0]
    s.need_within(s.target, classes)  # so that none is ignore_index, unless that is a class
    s.need(not 0 <= s.ignore_index < classes, "a class is ignored")
    hot = s("one_hot", s.target, classes=classes)
    chosen = s("permute", hot, axes=(rank, *range(rank)))
    if s.call.arguments.get("weight") is not None:
        weight = s("reshape", s.weight, shape=(classes, *(1,) * rank))
        chosen = s("mul", chosen, weight)
        return chosen, along_classes(s, chosen)
    return chosen, None


def along_classes(s: Site, node: Node) -> Node:
    return s("sum", node, axes=(0,), keepdims=False)


def as_classes(s: Site, node: Node) -> Node:
    """A number for each place as one that meets every class there."""
    return s("reshape", node, shape=(1, *node.shape)) if node.shape else node


def times(s: Site, g: Node, node: Node) -> Node:
    return s("mul", as_classes(s, g), node)


def reduced(s: Site, each: Node, counted: Node | None, adjoint: Any) -> Made:
    """The mean, the sum or each of the losses."""
    if s.reduction == "none":
        return each, lambda g: {"input": adjoint(g)}
    total = s.total(each)
    if s.reduction == "sum":
        return total, lambda g: {"input": adjoint(g)}
    if counted is None:
        factor = 1 / s.count(each)
        return s("mul", total, factor), lambda g: {"input": adjoint(s("mul", g, factor))}
    weights = s.total(counted)
    return s("div", total, weights), lambda g: {"input": adjoint(s("div", g, weights))}
