"""Mathematical notation: one tree, written as text, LaTeX, MathML, Python and JSON."""

from chainrule.formula.expression import expression
from chainrule.formula.latex import latex
from chainrule.formula.mathml import mathml
from chainrule.formula.python import python
from chainrule.formula.text import text
from chainrule.formula.tree import (
    ABSENT,
    Apply,
    Derivative,
    Equation,
    Formula,
    Index,
    Number,
    Sum,
    Symbol,
    Transpose,
    Words,
    equation,
    functions_of,
    replace,
    substitute,
    symbols,
    symbols_of,
    tidy,
    where,
)
from chainrule.formula.writer import short

__all__ = [
    "ABSENT",
    "Apply",
    "Derivative",
    "Equation",
    "Formula",
    "Index",
    "Number",
    "Sum",
    "Symbol",
    "Transpose",
    "Words",
    "equation",
    "expression",
    "functions_of",
    "latex",
    "mathml",
    "python",
    "replace",
    "short",
    "substitute",
    "symbols",
    "symbols_of",
    "text",
    "tidy",
    "where",
]
