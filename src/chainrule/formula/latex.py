"""Formulas as LaTeX, for papers and exercise sheets (amsmath)."""

from __future__ import annotations

import re

from chainrule.formula.tree import Formula, Number, Symbol
from chainrule.formula.writer import Writer, digits_of

FUNCTIONS = {
    "exp": r"\exp",
    "log": r"\ln",
    "tanh": r"\tanh",
    "sigma": r"\sigma",
    "σ": r"\sigma",
    "Phi": r"\Phi",
    "phi": r"\varphi",
    "max": r"\max",
    "min": r"\min",
}
COMPARISONS = {">": ">", ">=": r"\ge", "<": "<", "<=": r"\le"}
RELATIONS = {"=": "=", "←": r"\leftarrow", "→": r"\to"}
SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "η": r"$\eta$",
    "−": "-",
}


def escape(text: str) -> str:
    """Text that stands for itself in LaTeX's text mode."""
    return "".join(SPECIAL.get(letter, letter) for letter in text)


class LatexWriter(Writer):
    fractions_are_brackets = True

    def symbol(self, s: Symbol) -> str:
        if s.latex:
            return s.latex
        name = s.text or s.name
        if len(name) == 1 and name.isascii():
            return name
        return r"\mathrm{" + escape(name) + "}"

    def number(self, n: Number) -> str:
        written = digits_of(n)
        if written in ("inf", "-inf"):
            return written.replace("inf", r"\infty")
        if written == "nan":
            return r"\mathrm{nan}"
        mantissa, e, exponent = written.partition("e")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if e else mantissa

    def words(self, text: str) -> str:
        return r"\text{" + escape(text) + "}"

    def brackets(self, body: str) -> str:
        return rf"\left({body}\right)"

    def negative(self, body: str) -> str:
        return "-" + body

    def binary(self, operator: str, left: str, right: str) -> str:
        if operator == "*":
            if right.startswith("-"):
                right = self.brackets(right)
            return rf"{left} \cdot {right}"
        if operator == "@":
            return rf"{left} \, {right}"
        if right.startswith("-"):
            right = self.brackets(right)
        return f"{left} {operator} {right}"

    def fraction(self, left: str, right: str) -> str:
        return rf"\frac{{{left}}}{{{right}}}"

    def power(self, left: str, right: str) -> str:
        return rf"{{{left}}}^{{{right}}}"

    def compare(self, operator: str, left: str, right: str) -> str:
        return f"{left} {COMPARISONS[operator]} {right}"

    def apply(self, function: str, arguments: list[str]) -> str:
        if function == "abs":
            return rf"\left|{arguments[0]}\right|"
        if function == "sqrt":
            return rf"\sqrt{{{arguments[0]}}}"
        name = FUNCTIONS.get(function) or r"\operatorname{" + escape(function) + "}"
        return rf"{name}\left({', '.join(arguments)}\right)"

    def cases(self, condition: str, then: str, otherwise: str) -> str:
        return rf"\begin{{cases}} {then} & {condition} \\ {otherwise} & \text{{otherwise}} \end{{cases}}"

    def index(self, base: str, indices: list[str]) -> str:
        return f"{{{base}}}_{{{','.join(indices)}}}"

    def transpose(self, base: str) -> str:
        return rf"{{{base}}}^{{\mathsf T}}"

    def sum(self, over: str, body: str) -> str:
        return rf"\sum_{{{over}}} {body}"

    def derivative(self, of: str, by: str) -> str:
        return rf"\frac{{\partial {of}}}{{\partial {by}}}"

    def relation(self, relation: str, sides: list[str]) -> str:
        return f" {RELATIONS[relation]} ".join(sides)


def latex(formula: Formula) -> str:
    return re.sub(r" +", " ", LatexWriter().write(formula))
