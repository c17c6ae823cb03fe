"""A small tree of mathematical notation, built by writing mathematics in Python.

    >>> x, y = symbols("x y")
    >>> 1 / (1 + exp(-x))            # printed as written: nothing is simplified or reordered
    >>> y * (1 - y)

The same tree is written as text, LaTeX, MathML and Python source by the writers beside this file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

Operand: TypeAlias = "Formula | float | int"


class Formula:
    """Any piece of notation. Operators build bigger pieces; comparison operators build conditions."""

    __slots__ = ()

    def __add__(self, other: Operand) -> Formula:
        return Binary("+", self, lift(other))

    def __radd__(self, other: Operand) -> Formula:
        return Binary("+", lift(other), self)

    def __sub__(self, other: Operand) -> Formula:
        return Binary("-", self, lift(other))

    def __rsub__(self, other: Operand) -> Formula:
        return Binary("-", lift(other), self)

    def __mul__(self, other: Operand) -> Formula:
        return Binary("*", self, lift(other))

    def __rmul__(self, other: Operand) -> Formula:
        return Binary("*", lift(other), self)

    def __truediv__(self, other: Operand) -> Formula:
        return Binary("/", self, lift(other))

    def __rtruediv__(self, other: Operand) -> Formula:
        return Binary("/", lift(other), self)

    def __pow__(self, other: Operand) -> Formula:
        return Binary("**", self, lift(other))

    def __rpow__(self, other: Operand) -> Formula:
        return Binary("**", lift(other), self)

    def __matmul__(self, other: Operand) -> Formula:
        """A matrix product, written by standing side by side."""
        return Binary("@", self, lift(other))

    def __neg__(self) -> Formula:
        return Negative(self)

    def __gt__(self, other: Operand) -> Formula:
        return Compare(">", self, lift(other))

    def __ge__(self, other: Operand) -> Formula:
        return Compare(">=", self, lift(other))

    def __lt__(self, other: Operand) -> Formula:
        return Compare("<", self, lift(other))

    def __le__(self, other: Operand) -> Formula:
        return Compare("<=", self, lift(other))


@dataclass(frozen=True, slots=True)
class Symbol(Formula):
    """A named quantity. `name` is its Python name; `text` and `latex` are how it is written."""

    name: str
    text: str = ""
    latex: str = ""


@dataclass(frozen=True, slots=True)
class Number(Formula):
    """A number; `digits` asks for that many significant digits, None for the shortest exact form."""

    value: float
    digits: int | None = None


@dataclass(frozen=True, slots=True)
class Binary(Formula):
    """left operator right; `@` is a matrix product."""

    operator: str
    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class Negative(Formula):
    body: Formula


@dataclass(frozen=True, slots=True)
class Compare(Formula):
    operator: str
    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class Apply(Formula):
    """A named function of arguments: exp, log, tanh, sigma, ..."""

    function: str
    arguments: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Cases(Formula):
    """`then` where the condition holds, `otherwise` elsewhere."""

    condition: Formula
    then: Formula
    otherwise: Formula


@dataclass(frozen=True, slots=True)
class Index(Formula):
    """base with subscripts: z[n,j]."""

    base: Formula
    indices: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Transpose(Formula):
    base: Formula


@dataclass(frozen=True, slots=True)
class Sum(Formula):
    """The sum of `body` over the letters in `over`."""

    over: str
    body: Formula


@dataclass(frozen=True, slots=True)
class Derivative(Formula):
    """∂of/∂by."""

    of: Formula
    by: Formula


@dataclass(frozen=True, slots=True)
class Equation(Formula):
    """sides joined by a relation: = by default, ← for an assignment, ≈ for rounded numbers."""

    sides: tuple[Formula, ...]
    relation: str = "="


@dataclass(frozen=True, slots=True)
class Words(Formula):
    """Plain words inside a formula."""

    text: str


def lift(x: Operand) -> Formula:
    """A Python number as a Formula; a Formula as itself."""
    return x if isinstance(x, Formula) else Number(x)


def symbols(names: str) -> tuple[Symbol, ...]:
    return tuple(Symbol(name) for name in names.split())


def equation(*sides: Operand) -> Equation:
    return Equation(tuple(lift(side) for side in sides))


def rebuilt(formula: Formula, change: Callable[[Formula], Formula]) -> Formula:
    """The same piece of notation with `change` applied to each piece directly inside it."""
    changed: dict[str, Any] = {}
    for field in fields(formula):  # type: ignore[arg-type]  # every subclass is a dataclass
        value = getattr(formula, field.name)
        if isinstance(value, Formula):
            changed[field.name] = change(value)
        elif isinstance(value, tuple):
            changed[field.name] = tuple(change(part) for part in value)
        else:
            changed[field.name] = value
    return type(formula)(**changed)


def substitute(formula: Formula, replacements: dict[Symbol, Formula]) -> Formula:
    """The formula with symbols replaced by other pieces of notation."""
    if isinstance(formula, Symbol):
        return replacements.get(formula, formula)
    return rebuilt(formula, lambda part: substitute(part, replacements))


ABSENT = Words("")  # stands for an argument that was not given


def tidy(formula: Formula) -> Formula:
    """Without the terms that are absent and the factors that are the literal 1: β·x + α·A B is x + A B by default."""
    if isinstance(formula, Symbol | Number | Words):
        return formula
    clean = rebuilt(formula, tidy)
    match clean:
        case Apply(function, arguments) if ABSENT in arguments:
            return Apply(function, tuple(a for a in arguments if a is not ABSENT))
        case Binary("+", left, right) if ABSENT in (left, right):
            return left if right is ABSENT else right
        case Binary("-", left, right) if right is ABSENT:
            return left
        case Binary("*", Number(1), right):
            return right
        case Binary("-", Number(int(left)), Number(int(right))) if left > right:
            return Number(left - right)  # the exponent of a power: 2 − 1
        case Binary("**", left, Number(1)):
            return left
        case Binary("*" | "/", left, Number(1)):
            return left
        case Transpose(base) | Negative(base) if base is ABSENT:
            return ABSENT
    return clean


def pieces(formula: Formula) -> Iterator[Formula]:
    """The formula and every piece inside it."""
    yield formula
    for field in fields(formula):  # type: ignore[arg-type]
        value = getattr(formula, field.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Formula):
                yield from pieces(part)


def symbols_of(formula: Formula) -> set[str]:
    """The names of the symbols that occur in the formula."""
    return {piece.name for piece in pieces(formula) if isinstance(piece, Symbol)}


def functions_of(formula: Formula) -> set[str]:
    """The names of the functions that occur in the formula."""
    return {piece.function for piece in pieces(formula) if isinstance(piece, Apply)}


def replace(formula: Formula, by_name: dict[str, Formula]) -> Formula:
    """The formula with symbols replaced, found by their names."""
    found = {piece for piece in pieces(formula) if isinstance(piece, Symbol) and piece.name in by_name}
    return substitute(formula, {symbol: by_name[symbol.name] for symbol in found})


def _function(name: str) -> Callable[..., Formula]:
    def apply(*arguments: Operand) -> Formula:
        return Apply(name, tuple(lift(a) for a in arguments))

    apply.__name__ = name
    apply.__doc__ = f"The notation of {name}(...)."
    return apply


exp = _function("exp")
log = _function("log")
sqrt = _function("sqrt")
tanh = _function("tanh")
absolute = _function("abs")
sign = _function("sign")
maximum = _function("max")
minimum = _function("min")
sigma = _function("sigma")  # the logistic function 1 / (1 + exp(-x))
Phi = _function("Phi")  # the standard normal distribution
phi = _function("phi")  # its density


def where(condition: Formula, then: Operand, otherwise: Operand) -> Formula:
    return Cases(condition, lift(then), lift(otherwise))
