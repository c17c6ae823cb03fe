"""Formulas as one line of Unicode text, for the terminal."""

from __future__ import annotations

from chainrule.formula.tree import Formula, Number, Symbol
from chainrule.formula.writer import Writer, digits_of

FUNCTIONS = {"sigma": "σ", "Phi": "Φ", "phi": "φ", "log": "ln", "sqrt": "√"}
OPERATORS = {"+": " + ", "-": " − ", "*": "·", "/": "/", "@": " "}
COMPARISONS = {">": " > ", ">=": " ≥ ", "<": " < ", "<=": " ≤ "}
SUPERSCRIPTS = str.maketrans("0123456789-+nT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿᵀ")


class TextWriter(Writer):
    def symbol(self, s: Symbol) -> str:
        return s.text or s.name

    def number(self, n: Number) -> str:
        return digits_of(n).replace("-", "−")

    def words(self, text: str) -> str:
        return text

    def brackets(self, body: str) -> str:
        return f"({body})"

    def negative(self, body: str) -> str:
        return "−" + body

    def binary(self, operator: str, left: str, right: str) -> str:
        if operator == "**":
            if right.isdigit():
                return left + right.translate(SUPERSCRIPTS)
            return (
                f"{left}^{right if right.isalnum() else f'({right})'}"
                if not right.startswith("(")
                else f"{left}^{right}"
            )
        if operator in "*/" and right.startswith("−"):
            right = f"({right})"
        if operator == "/":
            spaced = " " in left or " " in right
            return f"{left} / {right}" if spaced else f"{left}/{right}"
        return left + OPERATORS[operator] + right

    def compare(self, operator: str, left: str, right: str) -> str:
        return left + COMPARISONS[operator] + right

    def apply(self, function: str, arguments: list[str]) -> str:
        if function == "abs":
            return f"|{arguments[0]}|"
        return f"{FUNCTIONS.get(function, function)}({', '.join(arguments)})"

    def cases(self, condition: str, then: str, otherwise: str) -> str:
        return f"{then} if {condition} else {otherwise}"

    def index(self, base: str, indices: list[str]) -> str:
        return f"{base}[{','.join(indices)}]"

    def transpose(self, base: str) -> str:
        return base + "ᵀ"

    def sum(self, over: str, body: str) -> str:
        return f"Σ_{over} {body}"

    def derivative(self, of: str, by: str) -> str:
        return f"∂{of}/∂{by}"

    def relation(self, relation: str, sides: list[str]) -> str:
        return f" {relation} ".join(sides)


def text(formula: Formula) -> str:
    return TextWriter().write(formula)
