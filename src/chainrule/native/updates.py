"""The update: the lines of rules/optimizers.py read as nodes, with the numbers among the settings gathered on the host.

A factor that is made of settings and t alone, such as η/(1 − β₁ᵗ), becomes one scalar that the host computes in
float64 for every step, as PyTorch does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from chainrule.formula import Formula, Number, Symbol, text
from chainrule.formula.tree import Apply, Binary, Negative, sqrt
from chainrule.native.graph import CannotLower, Graph, Node
from chainrule.native.program import Scalar
from chainrule.rules.optimizers import SETTINGS, UPDATE_RULES, UpdateRule, t

ONE = Number(1)


@dataclass(frozen=True, slots=True)
class Scaled:
    """factor · node; a number alone where there is no node."""

    factor: Formula
    node: Node | None


@dataclass
class Updates:
    """Writes the updates of one optimizer into a graph.

    writes    {parameter or state leaf: what it becomes}
    scalars   {name: Scalar}
    """

    graph: Graph
    writes: dict[Node, Node] = field(default_factory=dict)
    scalars: dict[str, Scalar] = field(default_factory=dict)

    def add(self, rule: UpdateRule, group: int, settings: Mapping[str, Any], state: Mapping[str, Any],
            leaf: Node, gradient: Node) -> None:  # fmt: skip
        """The update of one parameter, whose optimizer state is that after its first step."""
        values = {symbol.name: Scaled(symbol, None) for symbol in (*SETTINGS, t)}
        values |= {"w": Scaled(ONE, leaf), "gradient": Scaled(ONE, gradient)}
        kept = {symbol.name: self.graph.leaf("state", f"{symbol.name}:{leaf['name']}", leaf.shape)
                for symbol in rule.state if isinstance(state.get(symbol.name), torch.Tensor)}  # fmt: skip
        values |= {name: Scaled(ONE, node) for name, node in kept.items()}
        for line in rule.assignments(settings, state):
            values[line.symbol.name] = found = self.evaluate(line.formula, values, group)
            if line.into:
                target = leaf if line.into == "w" else kept[line.into]
                self.writes[target] = self.whole(found, group)

    def evaluate(self, formula: Formula, values: Mapping[str, Scaled], group: int) -> Scaled:
        match formula:
            case Symbol(name):
                return values[name]
            case Number():
                return Scaled(formula, None)
            case Negative(body):
                p = self.evaluate(body, values, group)
                return Scaled(-p.factor, p.node)
            case Apply("sqrt", (body,)):
                p = self.evaluate(body, values, group)
                root = None if p.node is None else self.graph("sqrt", p.node)
                return Scaled(ONE if p.factor == ONE else sqrt(p.factor), root)
            case Apply("max", (left, right)):
                nodes = [self.whole(self.evaluate(part, values, group), group) for part in (left, right)]
                return Scaled(ONE, self.graph("maximum", *nodes))
            case Binary(operator, left, right):
                return self.binary(
                    operator, self.evaluate(left, values, group), self.evaluate(right, values, group), group
                )
        raise CannotLower(f"an update is not written with {formula!r:.60}")

    def binary(self, operator: str, p: Scaled, q: Scaled, group: int) -> Scaled:
        if p.node is None and q.node is None:
            return Scaled(combined(operator, p.factor, q.factor), None)
        match operator:
            case "*":
                both = self.graph("mul", p.node, q.node) if p.node and q.node else p.node or q.node
                return Scaled(combined("*", p.factor, q.factor), both)
            case "/":
                over = p.node if q.node is None else self.graph("div", p.node or 1.0, q.node)
                return Scaled(combined("/", p.factor, q.factor), over)
            case "**" if q == Scaled(Number(2), None) and p.node:
                return Scaled(combined("*", p.factor, p.factor), self.graph("mul", p.node, p.node))
            case "+" | "-":
                op = "add" if operator == "+" else "sub"
                return Scaled(ONE, self.graph(op, self.whole(p, group), self.whole(q, group)))
        raise CannotLower(f"an update is not written with {operator}")

    def whole(self, p: Scaled, group: int) -> Node:
        """The product carried out."""
        if p.node is None:
            return self.scalar(p.factor, group)
        return p.node if p.factor == ONE else self.graph("mul", p.node, self.scalar(p.factor, group))

    def scalar(self, formula: Formula, group: int) -> Node:
        if isinstance(formula, Number):
            return self.graph.constant(formula.value)
        name = f"{text(formula)}:{group}"
        self.scalars[name] = Scalar(name, formula, group)
        return self.graph.leaf("scalar", name, ())


def combined(operator: str, p: Formula, q: Formula) -> Formula:
    """p operator q, without the factor 1."""
    if operator in "*/" and q == ONE:
        return p
    if operator == "*" and p == ONE:
        return q
    return Binary(operator, p, q)


def update_rule(optimizer: torch.optim.Optimizer) -> UpdateRule:
    """The rule of an optimizer of torch.optim. Raises CannotLower for another one, or for one with hooks."""
    name = type(optimizer).__name__
    if name not in UPDATE_RULES or type(optimizer) is not getattr(torch.optim, name):
        raise CannotLower("its update has no native form yet", f"{name}.step")
    if optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks:
        raise CannotLower("a hook of the script runs around it", f"{name}.step")
    for group in optimizer.param_groups:
        flags = [flag for flag in ("capturable", "differentiable") if group.get(flag)]
        flags += [key for key, value in group.items() if key != "params" and isinstance(value, torch.Tensor)]
        if flags:
            raise CannotLower(f"its setting {flags[0]} keeps numbers as tensors", f"{name}.step")
    return UPDATE_RULES[name]
