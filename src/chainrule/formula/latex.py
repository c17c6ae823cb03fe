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
    "−": "-",
    "→": r"$\to$",
    "←": r"$\leftarrow$",
    "·": r"$\cdot$",
    "×": r"$\times$",
    "∂": r"$\partial$",
    "Σ": r"$\Sigma$",
    "√": r"$\surd$",
    "≤": r"$\le$",
    "ᵀ": r"$^{\mathsf T}$",
    "ŷ": r"$\hat y$",
    "…": r"\ldots{}",
}
GREEK = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho varsigma sigma tau"
GREEK += " upsilon phi chi psi omega"
SPECIAL |= {chr(0x3B1 + i): f"$\\{name}$" for i, name in enumerate(GREEK.split()) if name != "omicron"}
SPECIAL |= {digit: f"$_{i}$" for i, digit in enumerate("₀₁₂₃₄₅₆₇₈₉")}
SPECIAL["\u0302"] = r"\^{}"  # a combining hat


def escape(text: str) -> str:
    """Text that stands for itself in LaTeX's text mode; letters that pdflatex does not know become their code."""
    return "".join(SPECIAL.get(a) or (a if ord(a) < 0x100 else rf"\texttt{{U+{ord(a):04X}}}") for a in text)


class LatexWriter(Writer):
    fractions_are_brackets = True

    def symbol(self, s: Symbol) -> str:
        if s.latex:
            return s.latex
        name = s.text or s.name
        if len(name) == 1 and name.isascii():
            return name
        return (r"\mathrm{" if name.isascii() else r"\text{") + escape(name) + "}"

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
        name = FUNCTIONS.get(function) or r"\operatorname{\text{" + escape(function) + "}}"
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
