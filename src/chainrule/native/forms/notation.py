"""Our rules' formulas read as nodes, so that what is shown is what is computed.

Four expressions of the field overflow or cancel when they are computed as they are written; they are read in their
stable form (STABLE), which is what PyTorch's own kernels compute.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

from chainrule.formula import Formula, Number, Symbol
from chainrule.formula.tree import Apply, Binary, Cases, Compare, Negative
from chainrule.native.graph import CannotLower, Graph, Node

Names: TypeAlias = "Mapping[str, Node | float]"

PLAIN = {"exp", "log", "sqrt", "tanh", "abs", "sign", "sin", "cos", "erf", "log1p"}
OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "div"}
MOST_FACTORS = 4  # x⁴ as a product; PyTorch multiplies up to the cube, and a product rounds no worse than pow


class Reader:
    """Reads formulas into a graph; `names` says which node or number a symbol stands for."""

    def __init__(self, graph: Graph, names: Names) -> None:
        self.graph = graph
        self.names = names

    def read(self, formula: Formula) -> Node:
        """Raises CannotLower for a function that the graph does not have."""
        stable = self._stable(formula)
        if stable is not None:
            return stable
        g, read = self.graph, self.read
        match formula:
            case Symbol(name):
                found = self.names[name]
                return found if isinstance(found, Node) else g.constant(found)
            case Number(value):
                return g.constant(value)
            case Negative(body):
                return g("neg", read(body))
            case Binary("**", base, exponent):
                return self._power(read(base), read(exponent))
            case Binary(operator, left, right) if operator in OPERATORS:
                return g(OPERATORS[operator], read(left), read(right))
            case Compare(">" | ">=" as operator, left, right):
                return g("gt" if operator == ">" else "ge", read(left), read(right))
            case Compare("<" | "<=" as operator, left, right):
                return g("gt" if operator == "<" else "ge", read(right), read(left))
            case Cases(condition, then, otherwise):
                return g("where", read(condition), read(then), read(otherwise))
            case Apply(function, arguments):
                return self._apply(function, [read(argument) for argument in arguments])
        raise CannotLower(f"its formula contains {formula!r:.60}")

    def times(self, g: Node, formula: Formula) -> Node:
        """g · formula. Where the formula is 0 by cases the product is 0, whatever g is, as in autograd."""
        match formula:
            case Number(0):
                return self.graph.constant(0.0)
            case Cases(condition, then, otherwise):
                return self.graph("where", self.read(condition), self.times(g, then), self.times(g, otherwise))
            case Negative(body):
                return self.graph("neg", self.times(g, body))
            case Binary("*", Number(value), rest) if g.op == "constant":
                return self.times(self.graph("mul", g, value), rest)
        return self.graph("mul", g, self.read(formula))

    def _stable(self, formula: Formula) -> Node | None:
        match formula:
            case Apply("log", (Binary("+", Number(1), Apply("exp", (u,))),)) | Apply("log1p", (Apply("exp", (u,)),)):
                return self._softplus(self.read(u))
            case Apply("log", (Binary("+", Number(1), u),)):
                return self.graph("log1p", self.read(u))
            case Apply("log", (Binary("+", Apply("exp", (a,)), Apply("exp", (b,))),)):
                larger = self.graph("maximum", self.read(a), self.read(b))
                gap = self.graph("abs", self.graph("sub", self.read(a), self.read(b)))
                return self.graph("add", larger, self.graph("log1p", self.graph("exp", self.graph("neg", gap))))
            case Apply("log", (Apply("sigma", (u,)),)):
                return self.graph("neg", self._softplus(self.graph("neg", self.read(u))))
            case Apply("log", (Binary("-", Number(1), Apply("sigma", (u,))),)):
                return self.graph("neg", self._softplus(self.read(u)))
            case Binary("-", Apply("exp", (u,)), Number(1)):
                return self.graph("expm1", self.read(u))
        return None

    def _softplus(self, u: Node) -> Node:
        """ln(1 + eᵘ) = max(u, 0) + ln(1 + e^−|u|)"""
        g = self.graph
        return g("add", g("maximum", u, 0.0), g("log1p", g("exp", g("neg", g("abs", u)))))

    def _power(self, base: Node, exponent: Node) -> Node:
        p = exponent["value"] if exponent.op == "constant" else math.nan
        if p == 0.5:
            return self.graph("sqrt", base)
        if p in range(2, MOST_FACTORS + 1):
            power = base
            for _ in range(int(p) - 1):
                power = self.graph("mul", power, base)
            return power
        return self.graph("pow", base, exponent)

    def _apply(self, function: str, arguments: list[Node]) -> Node:
        g, x = self.graph, arguments[0]
        if function in PLAIN:
            return g(function, x)
        match function:
            case "max":
                return g("maximum", *arguments)
            case "min":
                return g("minimum", *arguments)
            case "sigma":
                return g("div", 1.0, g("add", 1.0, g("exp", g("neg", x))))
            case "Phi":
                return g("mul", 0.5, g("add", 1.0, g("erf", g("mul", x, math.sqrt(0.5)))))
            case "phi":
                return g("mul", g("exp", g("mul", -0.5, g("mul", x, x))), 1 / math.sqrt(2 * math.pi))
            case "sinh" | "cosh":
                both = g("sub" if function == "sinh" else "add", g("exp", x), g("exp", g("neg", x)))
                return g("mul", 0.5, both)
        raise CannotLower(f"there is no native {function}")
