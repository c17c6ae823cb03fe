"""Formulas as Python source, so that what is shown is what is computed.

The reader of the source supplies the functions (exp, log, where, ...): torch's, NumPy's, or those of a compiler.
"""

from __future__ import annotations

from chainrule.formula.tree import Formula, Number, Symbol
from chainrule.formula.writer import Writer


class PythonWriter(Writer):
    def __init__(self, cases_need: str) -> None:
        self.cases_need = cases_need

    def symbol(self, s: Symbol) -> str:
        return s.name

    def number(self, n: Number) -> str:
        return repr(n.value)

    def brackets(self, body: str) -> str:
        return f"({body})"

    def negative(self, body: str) -> str:
        return "-" + body

    def binary(self, operator: str, left: str, right: str) -> str:
        return f"{left} {operator} {right}"

    def compare(self, operator: str, left: str, right: str) -> str:
        return f"({left} {operator} {right})"

    def apply(self, function: str, arguments: list[str]) -> str:
        return f"{function}({', '.join(arguments)})"

    def cases(self, condition: str, then: str, otherwise: str) -> str:
        extra = f", {self.cases_need}" if self.cases_need else ""
        return f"where({condition}, {then}, {otherwise}{extra})"


def python(formula: Formula, cases_need: str = "") -> str:
    """Source of an expression over the symbols' names; `cases_need` is passed to where() as a last argument."""
    return PythonWriter(cases_need).write(formula)
