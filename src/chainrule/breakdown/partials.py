"""Step 2, partial derivatives: every call's own slope, before anything is multiplied."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch

from chainrule.breakdown.backward import pair
from chainrule.breakdown.notation import Notation
from chainrule.formula import Derivative, Equation, Words
from chainrule.rules import Bound, Contraction, Gradients, rule_of
from chainrule.step import Call, Value

Tensor = torch.Tensor
Index = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PartialRow:
    """The local derivative of a call's output by one of its inputs.

    argument   the rule's name of that input
    formula    ∂ŷ/∂z = ŷ·(1 − ŷ)
    numbers    element by element, where each output depends on one element of the input; else None
    """

    call: Call
    argument: str
    value: Value
    formula: Equation
    numbers: Tensor | None


def partial_rows(notation: Notation) -> list[PartialRow]:
    rows = []
    for call in notation.calls:
        rule = rule_of(call)
        if rule is None:
            rows += [PartialRow(call, "", v, _opaque(notation, call, v), None) for v in call.inputs]
            continue
        for name, argument in call.arguments.items():
            if not isinstance(argument, Value) or not argument.requires_grad or name not in rule.partials:
                continue
            derivative = Derivative(notation[call.output], notation[argument])
            formula = Equation((derivative, notation.inside(call, rule.partials[name])))
            rows.append(PartialRow(call, name, argument, formula, local(call, name)))
    return rows


def _opaque(notation: Notation, call: Call, value: Value) -> Equation:
    return Equation((Derivative(notation[call.output], notation[value]), Words("by autograd (opaque)")))


def local(call: Call, argument: str) -> Tensor | None:
    """∂output/∂argument element by element, or None where it is a whole matrix or its numbers were not kept."""
    rule = rule_of(call)
    if rule is None or call.missing(rule.keeps):
        return None
    with torch.no_grad():
        return rule.local(Bound(call), argument)


def row(call: Call, value: Value, index: Index, upstream: list[Tensor | None]) -> list[Tensor | None]:
    """∂output/∂value[index] for every number of every output.

    The vjp is linear in the upstream gradient g, so the row is the derivative of vjp(g)[index] with respect to g.
    `upstream` gives the outputs' shapes and says which of them the loss depends on.

    A NaN or infinity among the call's numbers spreads, by 0·∞, to outputs that its entry has no part in. A partial that
    stays the same whatever stands in for such numbers does not depend on them.
    """
    found = _row(call, Bound(call), value, index, upstream)
    if not any(r is not None and bool(r.isnan().any()) for r in found):
        return found
    first, second = (_row(call, Filled(call, fill), value, index, upstream) for fill in (0.5, 0.75))
    linear = isinstance(rule_of(call), Contraction)  # of other rules, sign(x) is the same for both too
    return [
        r if r is None or a is None or b is None else torch.where(r.isnan() & (a == b) & ((a == 0) | linear), a, r)
        for r, a, b in zip(found, first, second, strict=True)
    ]


class Filled(Bound):
    """The call's arguments with `fill` in place of NaN and infinities."""

    __slots__ = ("fill",)

    def __init__(self, call: Call, fill: float) -> None:
        super().__init__(call)
        self.fill = fill

    def _numbers(self, part: Any) -> Any:
        found = super()._numbers(part)
        if isinstance(found, float) and not math.isfinite(found):
            return self.fill
        floating = isinstance(found, Tensor) and found.is_floating_point()
        return found.nan_to_num(self.fill, self.fill, self.fill) if floating else found


def _row(call: Call, bound: Bound, value: Value, index: Index, upstream: list[Tensor | None]) -> list[Tensor | None]:
    rule = rule_of(call)
    assert rule is not None
    with torch.enable_grad():
        g = [None if u is None else torch.zeros_like(u).requires_grad_() for u in upstream]
        gradients: Gradients = rule.vjp(bound, *g)  # type: ignore[arg-type]
        entries = [
            gradient[index]
            for name, sent in gradients.items()
            for v, gradient in pair(call.arguments[name], sent)
            if v is value and gradient.requires_grad
        ]
        if not entries:
            return [None if u is None else torch.zeros_like(u) for u in upstream]
        asked = [u for u in g if u is not None]
        rows = iter(torch.autograd.grad(torch.stack(entries).sum(), asked, allow_unused=True))
    found = [None if u is None else next(rows) for u in g]
    return [torch.zeros_like(u) if u is not None and r is None else r for u, r in zip(upstream, found, strict=True)]
