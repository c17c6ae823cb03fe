"""A derivation as a short lesson: title, sentence and four sections of formulas, words and one table.

Markdown, LaTeX and MathML are written from this one telling.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

from chainrule.breakdown.derivation import Derivation, Level, written
from chainrule.formula import Derivative, Equation, Formula, Number, Symbol, Words, latex
from chainrule.show.numbers import number, shape
from chainrule.show.one_weight import factors, how_close, moved, sentence, stretches
from chainrule.step import Value

DIGITS = 6
Cells: TypeAlias = "tuple[tuple[str, ...], ...]"


@dataclass(frozen=True, slots=True)
class Table:
    head: tuple[str, ...]
    rows: Cells


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    lines: tuple[Formula | str | Table, ...]


@dataclass(frozen=True, slots=True)
class Lesson:
    title: str
    sentence: str
    sections: tuple[Section, ...]


def lesson(d: Derivation) -> Lesson:
    name = written(d.parameter.name, d.index)
    title = f"The gradient of {name} at step {d.step}"
    sections = (
        Section("1. Forward", tuple(_forward(d))),
        Section("2. Partial derivatives", tuple(_partials(d))),
        Section("3. Chain rule", tuple(_chain(d))),
        Section("4. Update", tuple(_update(d))),
    )
    return Lesson(title, sentence(d), sections)


def at(d: Derivation, value: Value, index: tuple[int, ...]) -> Symbol:
    """z[2,0] as one symbol."""
    symbol = d.notation[value]
    if not index:
        return symbol
    places = ",".join(map(str, index))
    base = latex(symbol)
    return Symbol(f"{symbol.name}_{places}", written(symbol.text, index), f"{{{base}}}_{{[{places}]}}")


def _forward(d: Derivation) -> list[Formula | str | Table]:
    lines: list[Formula | str | Table] = []
    parameter = f"{d.notation[d.parameter].text} is {d.parameter.name}, of shape {shape(d.parameter.shape)}."
    lines.append(parameter if d.sample is None else f"{parameter} Following sample {d.sample} of {d.samples}.")
    for first, last in stretches(d):
        level, end = d.levels[first], d.levels[last]
        made = d.notation.producer.get(level.value.index)
        if made is not None:
            lines.append(Equation((d.notation[level.value], d.notation.formula(made))))
        lines.append(Equation((at(d, level.value, level.at), Number(level.number, DIGITS))))
        if last > first:
            lines.append(Equation((at(d, end.value, end.at), at(d, level.value, level.at), Words(moved(first, last)))))
    loss = d.notation.loss
    made = d.notation.producer.get(loss.index) if loss is not None else None
    if loss is not None and made is not None:
        definition = d.notation.definition(made)
        lines.append(Equation((d.notation[loss], definition or d.notation.formula(made), Number(d.loss, DIGITS))))
    return lines


def _partials(d: Derivation) -> list[Formula | str | Table]:
    lines: list[Formula | str | Table] = []
    for first, last in reversed(stretches(d)):
        begin, level = d.levels[first], d.levels[last]
        for term in level.terms[:1]:
            left = Derivative(at(d, term.into, term.at), at(d, level.value, level.at))
            sides = [left, term.formula] + ([term.numeric] if term.numeric is not None else [])
            lines.append(Equation((*sides, Number(term.partial, DIGITS))))
        if last > first:
            whole = Derivative(at(d, level.value, level.at), at(d, begin.value, begin.at))
            lines.append(Equation((whole, Number(1), Words(moved(first, last)))))
    return lines


def _chain(d: Derivation) -> list[Formula | str | Table]:
    loss = d.notation[d.notation.loss] if d.notation.loss is not None else Symbol("L")
    weight = at(d, d.parameter, d.index)
    lines: list[Formula | str | Table] = []
    if d.is_chain and d.levels:
        whose = Words(f"share of sample {d.sample}") if d.sample is not None else Derivative(loss, weight)
        lines.append(Equation((whose, _product([Number(f, DIGITS) for f in factors(d)]), Number(d.share, DIGITS))))
    else:
        for first, last in stretches(d):
            if last > first:
                begin, end = d.levels[first], d.levels[last]
                lines.append(Equation((_left(d, begin, first), _delta(d, end.value, end.at))))
            lines.append(_recursion(d, d.levels[last], last))
    if d.shares:
        most = sorted(range(len(d.shares)), key=lambda n: -abs((d.shares or ())[n]))[:16]
        rows = tuple((str(n), number(d.shares[n], DIGITS)) for n in sorted(most))
        rest = [s for n, s in enumerate(d.shares) if n not in most]
        if rest:
            rows += ((f"{len(rest)} more", number(sum(rest), DIGITS)),)
        lines.append(Table(("sample", "share"), (*rows, ("sum", number(sum(d.shares), DIGITS)))))
    lines.append(Equation((Derivative(loss, weight), Number(d.gradient, DIGITS))))
    if math.isnan(d.gradient) and math.isnan(d.autograd) and d.recorded:
        lines.append("Autograd's is nan too.")
    elif d.recorded:
        theirs = number(d.autograd, DIGITS)
        if d.agrees:
            lines.append(f"This equals autograd's {theirs} {how_close(d)}.")
        else:
            gap = f"the difference is {number(d.difference, 2)} of the size of its terms"
            lines.append(f"This does NOT equal autograd's {theirs}: {gap}.")
    return lines


def _product(factors: list[Formula]) -> Formula:
    product = factors[0]
    for factor in factors[1:]:
        product = product * factor
    return product


def _recursion(d: Derivation, level: Level, depth: int) -> Formula:
    left = _left(d, level, depth)
    total: Formula | None = None
    for term in level.terms:
        opaque = term.call.rule is None
        one = Number(term.product, DIGITS) if opaque else Number(term.partial, DIGITS) * _delta(d, term.into, term.at)
        total = one if total is None else total + one
    if level.more and total is not None:
        total = total + Words(f"({level.more} more: {number(level.rest, DIGITS)})")
    sides = (
        (left, total, Number(level.gradient, DIGITS)) if total is not None else (left, Number(level.gradient, DIGITS))
    )
    return Equation(sides)


def _left(d: Derivation, level: Level, depth: int) -> Formula:
    return Words("share") if depth == 0 and d.sample is not None else _delta(d, level.value, level.at)


def _delta(d: Derivation, value: Value, index: tuple[int, ...]) -> Formula:
    inner = at(d, value, index)
    return Symbol(f"delta_{inner.name}", f"δ({inner.text})", rf"\delta\left({latex(inner)}\right)")


def _update(d: Derivation) -> list[Formula | str | Table]:
    if d.update is None:
        return ["No optimizer stepped."]
    lines: list[Formula | str | Table] = []
    settings = ", ".join(f"{s.text} = {number(v)}" for s, v in d.update.settings.items())
    lines.append(f"{d.update.optimizer or 'No optimizer'}: {settings or d.update.reason}.")
    if d.uses_other_gradient:
        lines.append(f"The optimizer used the gradient {number(d.used, DIGITS)}: clipped, scaled or accumulated.")
    for line in d.lines:
        lines.append(line.symbolic)
        lines.append(Equation((line.symbolic.sides[0], line.numeric, Number(line.value, DIGITS))))
    if not d.lines:
        lines.append(Equation((at(d, d.parameter, d.index), Number(d.value, DIGITS), Number(d.after, DIGITS)), "→"))
    return lines
