"""What all writers share: the precedence of operators, and where brackets are needed."""

from __future__ import annotations

from chainrule.formula.tree import (
    Apply,
    Binary,
    Cases,
    Compare,
    Derivative,
    Equation,
    Formula,
    Index,
    Negative,
    Number,
    Sum,
    Symbol,
    Transpose,
    Words,
)

PRECEDENCE = {"+": 2, "-": 2, "*": 3, "/": 3, "@": 3, "**": 5}
RELATION, NEGATION, ATOM = 1, 2, 9


class Writer:
    """Walks a Formula once; a subclass says how each piece looks in its language."""

    fractions_are_brackets = False  # LaTeX and MathML: a built-up fraction needs no brackets

    def write(self, formula: Formula) -> str:
        return self.piece(formula)[0]

    def inside(self, formula: Formula, at_least: int) -> str:
        """The formula as an operand: in brackets where it binds less than `at_least`."""
        written, precedence = self.piece(formula)
        return written if precedence >= at_least else self.brackets(written)

    def piece(self, f: Formula) -> tuple[str, int]:
        """The written formula and how strongly its outermost operator binds."""
        match f:
            case Symbol():
                return self.symbol(f), ATOM
            case Number():
                return self.number(f), NEGATION if f.value < 0 else ATOM
            case Words():
                return self.words(f.text), ATOM
            case Negative(body):
                return self.negative(self.inside(body, 3)), NEGATION
            case Binary("/", left, right) if self.fractions_are_brackets:
                return self.fraction(self.write(left), self.write(right)), 4
            case Binary("**", left, right) if self.fractions_are_brackets:
                return self.power(self.inside(left, 6), self.write(right)), 5
            case Binary(operator, left, right):
                p = PRECEDENCE[operator]
                tighter_left = p + 1 if operator == "**" else p
                tighter_right = p + 1 if operator in ("-", "/", "**") else p
                if operator == "*" and isinstance(right, Number | Negative):
                    tighter_right = p
                return self.binary(operator, self.inside(left, tighter_left), self.inside(right, tighter_right)), p
            case Compare(operator, left, right):
                return self.compare(operator, self.inside(left, 2), self.inside(right, 2)), RELATION
            case Apply(function, arguments):
                return self.apply(function, [self.write(a) for a in arguments]), ATOM
            case Cases(condition, then, otherwise):
                return self.cases(self.write(condition), self.write(then), self.write(otherwise)), 1
            case Index(base, indices):
                return self.index(self.inside(base, 6), [self.write(i) for i in indices]), ATOM
            case Transpose(base):
                return self.transpose(self.inside(base, 6)), 6
            case Sum(over, body):
                return self.sum(over, self.inside(body, 3)), 3
            case Derivative(of, by):
                return self.derivative(self.inside(of, 6), self.inside(by, 6)), 4
            case Equation(sides, relation):
                return self.relation(relation, [self._side(side) for side in sides]), 0
        raise TypeError(f"not a piece of notation: {f!r}")

    def _side(self, side: Formula) -> str:
        """One side of an equation: a built-up brace of cases stands by itself, like a fraction."""
        alone = isinstance(side, Cases) and self.fractions_are_brackets
        return self.write(side) if alone else self.inside(side, 2)

    # How each piece looks: one method each, in every subclass.
    def symbol(self, s: Symbol) -> str:
        raise NotImplementedError

    def number(self, n: Number) -> str:
        raise NotImplementedError

    def words(self, text: str) -> str:
        raise NotImplementedError

    def brackets(self, body: str) -> str:
        raise NotImplementedError

    def negative(self, body: str) -> str:
        raise NotImplementedError

    def binary(self, operator: str, left: str, right: str) -> str:
        raise NotImplementedError

    def fraction(self, left: str, right: str) -> str:
        raise NotImplementedError

    def power(self, left: str, right: str) -> str:
        raise NotImplementedError

    def compare(self, operator: str, left: str, right: str) -> str:
        raise NotImplementedError

    def apply(self, function: str, arguments: list[str]) -> str:
        raise NotImplementedError

    def cases(self, condition: str, then: str, otherwise: str) -> str:
        raise NotImplementedError

    def index(self, base: str, indices: list[str]) -> str:
        raise NotImplementedError

    def transpose(self, base: str) -> str:
        raise NotImplementedError

    def sum(self, over: str, body: str) -> str:
        raise NotImplementedError

    def derivative(self, of: str, by: str) -> str:
        raise NotImplementedError

    def relation(self, relation: str, sides: list[str]) -> str:
        raise NotImplementedError


def digits_of(n: Number) -> str:
    """A number as people write it: an ASCII minus, an exponent only where it helps."""
    if n.digits is None:
        return repr(int(n.value)) if float(n.value).is_integer() and abs(n.value) < 1e15 else repr(n.value)
    return short(n.value, n.digits)


def short(value: float, digits: int = 5) -> str:
    """`value` in `digits` significant digits, without trailing zeros: 0.25, -1.2e-07, nan, inf."""
    written = f"{value:.{digits}g}"
    if "e" in written:
        mantissa, exponent = written.split("e")
        return f"{mantissa}e{int(exponent):+03d}"
    return written
