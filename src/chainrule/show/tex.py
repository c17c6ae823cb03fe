"""A lesson as a LaTeX document that compiles by itself (article, amsmath)."""

from __future__ import annotations

from chainrule.formula import Formula, latex
from chainrule.formula.latex import escape
from chainrule.show.lesson import Lesson, Table

HEAD = r"""\documentclass{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{amsmath}
\usepackage{amssymb}
\setlength{\parindent}{0pt}
\allowdisplaybreaks
\begin{document}
"""


def tex(lesson: Lesson) -> str:
    parts = [HEAD, rf"\section*{{{escape(lesson.title)}}}", escape(lesson.sentence), ""]
    for section in lesson.sections:
        parts.append(rf"\subsection*{{{escape(section.title)}}}")
        parts += [_line(line) for line in section.lines]
    return "\n".join([*parts, r"\end{document}"]) + "\n"


def _line(line: Formula | str | Table) -> str:
    if isinstance(line, str):
        return escape(line) + "\n"
    if isinstance(line, Table):
        rows = [" & ".join(map(escape, row)) + r" \\" for row in (line.head, *line.rows)]
        body = "\n".join([rows[0], r"\hline", *rows[1:]])
        return f"\\begin{{tabular}}{{{'r' * len(line.head)}}}\n{body}\n\\end{{tabular}}\n"
    return f"\\[ {latex(line)} \\]"
