"""Formulas as MathML with holes: the page fills in which element is meant and which number it has.

A Ref is a value's symbol with the place of one of its elements, z₁[2,0]; a Slot is that element's number. Both name the
value by its position in the picture and say which element they mean:

    "i"   the number whose gradient is asked for
    "o"   the number it enters; for a value of another shape, the element that goes with it by broadcasting
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chainrule.breakdown import Notation
from chainrule.breakdown.notation import averaged
from chainrule.formula import Derivative, Equation, Formula, Number, Symbol, substitute, symbols_of
from chainrule.formula.mathml import MathMLWriter, identifier
from chainrule.step import Call, Value


@dataclass(frozen=True, slots=True)
class Ref(Symbol):
    """The symbol of one element of a value. `role` colours it: "forward", "gradient", "update" or ""."""

    value: int = -1
    element: str = "o"
    role: str = ""


@dataclass(frozen=True, slots=True)
class Slot(Symbol):
    """The number of one element of a value; of a quantity of the update, by name, where `value` is −1."""

    value: int = -1
    element: str = "o"
    role: str = ""


class TemplateWriter(MathMLWriter):
    def symbol(self, s: Symbol) -> str:
        match s:
            case Ref():
                place = f'data-ref="{s.value}" data-element="{s.element}"'
                return f"<mrow{_class(s.role)} {place}>{identifier(s.text)}<mrow></mrow></mrow>"
            case Slot(value=-1):
                return f'<mrow{_class(s.role)} data-quantity="{s.name}"></mrow>'
            case Slot():
                return f'<mrow{_class(s.role)} data-slot="{s.value}" data-element="{s.element}"></mrow>'
        return super().symbol(s)

    def derivative(self, of: str, by: str) -> str:
        return f'<mrow class="gradient">{super().derivative(of, by)}</mrow>'


def _class(role: str) -> str:
    return f' class="{role}"' if role else ""


def template(*sides: Formula) -> str:
    """The sides joined by =, each a formula."""
    whole = Equation(sides) if len(sides) > 1 else sides[0]
    return f"<math>{TemplateWriter().write(whole)}</math>"


class Templates:
    """Writes the formulas of one step; `position` numbers its values."""

    def __init__(self, notation: Notation, position: Callable[[Value], int]) -> None:
        self.notation = notation
        self.position = position
        values = [v for call in notation.calls for v in (*call.values, *call.outputs)]
        self.values = {notation[value].name: value for value in values}

    def ref(self, value: Value, element: str, role: str = "") -> Ref:
        symbol = self.notation[value]
        return Ref(symbol.name, symbol.text or symbol.name, symbol.latex, self.position(value), element, role)

    def slot(self, value: Value, element: str, role: str = "") -> Slot:
        return Slot(self.notation[value].name, value=self.position(value), element=element, role=role)

    def forward(self, call: Call) -> str:
        """a[2,0] = σ(z[2,0]) = σ(0.31) = 0.58, for a call that computes element by element."""
        formulas = self._in_elements(self.notation.formula(call), call, call.output)
        return template(self.ref(call.output, "o"), *formulas, self.slot(call.output, "o", "forward"))

    def partial(self, call: Call, argument: str, value: Value, formula: Formula) -> str:
        """∂a/∂z = 1 − a² = 1 − 0.58²; in symbols only where one of them is more than one number."""
        left = Derivative(self.ref(call.output, "o"), self.ref(value, "i"))
        return template(left, *self._in_elements(self.notation.inside(call, formula), call, value))

    def entry(self, output: Value, value: Value, other: Value) -> str:
        """∂z/∂a = W[1,0]: in a sum of products the partial is an entry of the other operand, element "x"."""
        left = Derivative(self.ref(output, "o"), self.ref(value, "i"))
        return template(left, self.ref(other, "x"))

    def _in_elements(self, formula: Formula, call: Call, of: Value) -> list[Formula]:
        """The formula of single elements, and with their numbers where every symbol is one number."""
        used = {name: self.values[name] for name in symbols_of(formula) if name in self.values}
        places = {name: self._element(value, call, of) for name, value in used.items()}
        symbols: dict[Symbol, Formula] = {
            self.notation[value]: self.ref(value, places[name]) for name, value in used.items() if places[name]
        }
        sides = [substitute(formula, symbols)]
        if used and len(symbols) == len(used):
            slots: dict[Symbol, Formula] = {self.notation[v]: self.slot(v, places[name]) for name, v in used.items()}
            slots[Symbol("N")] = Number(averaged(call))
            sides.append(substitute(formula, slots))
        return sides

    def _element(self, value: Value, call: Call, of: Value) -> str:
        """Which element of the value goes with the one in question: "" where that is not one."""
        if value.shape == of.shape and of is not call.output:
            return "i"
        return "o" if _broadcasts(value.shape, call.output.shape) else ""


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    return len(shape) <= len(to) and all(a in (1, b) for a, b in zip(shape[::-1], to[::-1], strict=False))
