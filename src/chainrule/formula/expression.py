"""Formulas as nested lists for JSON, to be computed elsewhere: ["-", ["symbol", "w"], ["*", ["symbol", "lr"], 2]]."""

from __future__ import annotations

import math
from typing import Any

from chainrule.formula.tree import Apply, Binary, Cases, Compare, Formula, Negative, Number, Symbol


def expression(formula: Formula) -> list[Any] | float | None:
    """The formula as data; None where it has a piece that is no arithmetic of numbers (a sum, an index, words).

    ["symbol", name], [operator, left, right] for + − * / ** and comparisons, ["neg", x], ["call", name, arguments…],
    ["where", condition, then, otherwise]; numbers are themselves.
    """
    match formula:
        case Number(value):
            return float(value) if math.isfinite(value) else None
        case Symbol(name):
            return ["symbol", name]
        case Negative(body):
            return _node("neg", body)
        case Binary(operator, left, right) if operator != "@":
            return _node(operator, left, right)
        case Compare(operator, left, right):
            return _node(operator, left, right)
        case Cases(condition, then, otherwise):
            return _node("where", condition, then, otherwise)
        case Apply(function, arguments):
            inside = [expression(argument) for argument in arguments]
            return None if None in inside else ["call", function, *inside]
    return None


def _node(head: str, *parts: Formula) -> list[Any] | None:
    inside = [expression(part) for part in parts]
    return None if any(part is None for part in inside) else [head, *inside]
