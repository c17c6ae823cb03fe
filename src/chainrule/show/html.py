"""A lesson as an HTML fragment whose formulas are MathML: no script, no style, nothing to load."""

from __future__ import annotations

from html import escape

from chainrule.formula import Formula, mathml
from chainrule.show.lesson import Lesson, Table


def html(lesson: Lesson) -> str:
    parts = [f"<h2>{escape(lesson.title)}</h2>", f"<p>{escape(lesson.sentence)}</p>"]
    for section in lesson.sections:
        parts.append(f"<h3>{escape(section.title)}</h3>")
        parts += [_line(line) for line in section.lines]
    return "\n".join(parts) + "\n"


def _line(line: Formula | str | Table) -> str:
    if isinstance(line, str):
        return f"<p>{escape(line)}</p>"
    if isinstance(line, Table):
        head = "".join(f"<th>{escape(cell)}</th>" for cell in line.head)
        rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in line.rows)
        return f"<table><tr>{head}</tr>{rows}</table>"
    return mathml(line)
