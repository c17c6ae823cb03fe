"""Formulas as MathML Core, which browsers draw without any script."""

from __future__ import annotations

import re
import unicodedata
from html import escape

from chainrule.formula.tree import Formula, Number, Symbol
from chainrule.formula.writer import Writer, digits_of

FUNCTIONS = {"sigma": "σ", "Phi": "Φ", "phi": "φ", "log": "ln"}
OPERATORS = {"+": "+", "-": "−", "*": "⋅", "@": "⁢"}  # the last is the invisible times
SUBSCRIPT = re.compile("(.+?)([₀-₉]+)")
HATS = {"\u0302": "^", "\u0303": "~", "\u0304": "¯"}  # combining accents, as MathML writes them over a letter
COMPARISONS = {">": "&gt;", ">=": "≥", "<": "&lt;", "<=": "≤"}


def row(*parts: str) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"


def operator(sign: str) -> str:
    return f"<mo>{sign}</mo>"


def identifier(name: str) -> str:
    """A name: its trailing digits as a subscript, an accent over its letter, more letters than one upright."""
    found = SUBSCRIPT.fullmatch(name)
    if found:
        digits = unicodedata.normalize("NFKC", found[2])
        return f"<msub>{identifier(found[1])}<mn>{digits}</mn></msub>"
    letters = unicodedata.normalize("NFD", name)
    if len(letters) == 2 and letters[1] in HATS:
        accent = f'<mo stretchy="false">{HATS[letters[1]]}</mo>'
        return f'<mover accent="true"><mi>{escape(letters[0])}</mi>{accent}</mover>'
    return f"<mi>{escape(name)}</mi>"


class MathMLWriter(Writer):
    fractions_are_brackets = True

    def symbol(self, s: Symbol) -> str:
        return identifier(s.text or s.name)

    def number(self, n: Number) -> str:
        written = digits_of(n)
        digits = f"<mn>{written.lstrip('-')}</mn>"
        return row(operator("−"), digits) if written.startswith("-") else digits

    def words(self, text: str) -> str:
        return f"<mtext>{escape(text)}</mtext>"

    def brackets(self, body: str) -> str:
        return row(operator("("), body, operator(")"))

    def negative(self, body: str) -> str:
        return row(operator("−"), body)

    def binary(self, operator_: str, left: str, right: str) -> str:
        if right.startswith("<mrow><mo>−"):
            right = self.brackets(right)
        return row(left, operator(OPERATORS[operator_]), right)

    def fraction(self, left: str, right: str) -> str:
        return f'<mfrac displaystyle="true">{row(left)}{row(right)}</mfrac>'

    def power(self, left: str, right: str) -> str:
        return f"<msup>{row(left)}{row(right)}</msup>"

    def compare(self, operator_: str, left: str, right: str) -> str:
        return row(left, operator(COMPARISONS[operator_]), right)

    def apply(self, function: str, arguments: list[str]) -> str:
        if function == "abs":
            return row(operator("|"), arguments[0], operator("|"))
        if function == "sqrt":
            return f"<msqrt>{arguments[0]}</msqrt>"
        inside = operator(",").join(arguments)
        return row(f"<mi>{escape(FUNCTIONS.get(function, function))}</mi>", operator("("), inside, operator(")"))

    def cases(self, condition: str, then: str, otherwise: str) -> str:
        rows = "".join(
            f"<mtr><mtd>{value}</mtd><mtd>{when}</mtd></mtr>"
            for value, when in ((then, condition), (otherwise, "<mtext>otherwise</mtext>"))
        )
        return row(operator("{"), f"<mtable>{rows}</mtable>")

    def index(self, base: str, indices: list[str]) -> str:
        return f"<msub>{row(base)}{row(operator(',').join(indices))}</msub>"

    def transpose(self, base: str) -> str:
        return f"<msup>{row(base)}<mi>⊤</mi></msup>"

    def sum(self, over: str, body: str) -> str:
        return row(f"<munder><mo>∑</mo><mi>{escape(over)}</mi></munder>", body)

    def derivative(self, of: str, by: str) -> str:
        return self.fraction(operator("∂") + of, operator("∂") + by)

    def relation(self, relation: str, sides: list[str]) -> str:
        return row(operator(relation).join(sides))


def mathml(formula: Formula) -> str:
    return f'<math display="block">{MathMLWriter().write(formula)}</math>'
