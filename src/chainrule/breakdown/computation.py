"""How a call's numbers are had from those of its inputs, as data: so that it can be computed again for other numbers.

Known for sums of products (a linear layer), for what is computed element by element, and for sums and means of
everything. That covers the small networks whose prediction and loss are drawn as maps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from chainrule.breakdown.links import Aligned, Link
from chainrule.formula import Formula, symbols_of
from chainrule.rules import Bound, Contraction, rule_of
from chainrule.rules.losses import PointwiseLoss
from chainrule.step import Call, Value


@dataclass(frozen=True, slots=True)
class Products:
    """Σ first·second over the letters that the output lacks, plus `added`. Letters as torch.einsum has them."""

    operands: tuple[Value, Value]
    letters: tuple[str, str, str]
    added: Value | None


@dataclass(frozen=True, slots=True)
class Map:
    """`formula` of the arguments, element by element; then the sum or the mean of all, where there is a reduction."""

    formula: Formula
    arguments: dict[str, Value | float]
    reduction: Literal["none", "mean", "sum"]


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of all numbers of the input, or their mean."""

    input: Value
    mean: bool


Computation: TypeAlias = Products | Map | Total


def is_pointwise(call: Call, links: list[Link]) -> bool:
    """Whether each number of the output is a function of the numbers at its own place."""
    shape = call.output.shape
    alone = all(isinstance(link.pattern, Aligned) and link.pattern.output == shape for link in links)
    return bool(links) and alone and all(value.numel == 1 or value.shape == shape for value in call.values)


def computation(call: Call, links: list[Link]) -> Computation | None:
    """How to compute the call again; None where that cannot be said in these terms."""
    rule = rule_of(call)
    if isinstance(rule, Contraction):
        return _products(rule, call)
    if isinstance(rule, PointwiseLoss):
        reduction = call.arguments["reduction"]
        plain = call.arguments.get("weight") is None and reduction in ("mean", "sum")
        return _map(call, rule.pointwise, reduction) if plain else None
    if rule is not None and is_pointwise(call, links):
        return _map(call, rule.formula, "none")
    if rule is not None and rule.name in ("sum", "mean") and call.output.numel == 1:
        return Total(call.arguments["input"], rule.name == "mean")
    return None


def _products(rule: Contraction, call: Call) -> Products | None:
    if rule.scales and any(call.arguments.get(scale, 1) != 1 for scale in rule.scales):
        return None
    first, second = (call.arguments[name] for name in rule.operands)
    added = call.arguments.get(rule.added) if rule.added else None
    return Products((first, second), rule.equations(Bound(call)), added if isinstance(added, Value) else None)


def _map(call: Call, formula: Formula, reduction: Literal["none", "mean", "sum"]) -> Map | None:
    arguments: dict[str, Value | float] = {}
    for name in symbols_of(formula):
        argument = call.arguments.get(name)
        if isinstance(argument, bool) or not isinstance(argument, Value | int | float):
            return None
        arguments[name] = argument
    return Map(formula, arguments, reduction)
