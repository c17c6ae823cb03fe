"""A lesson as Markdown, with formulas as plain text."""

from __future__ import annotations

from chainrule.formula import Formula, text
from chainrule.show.lesson import Lesson, Table


def markdown(lesson: Lesson) -> str:
    parts = [f"# {lesson.title}", "", lesson.sentence]
    for section in lesson.sections:
        parts += ["", f"## {section.title}", ""]
        for line in section.lines:
            parts += _line(line)
    return "\n".join(parts).rstrip() + "\n"


def _line(line: Formula | str | Table) -> list[str]:
    if isinstance(line, str):
        return [line, ""]
    if isinstance(line, Table):
        head = ["| " + " | ".join(line.head) + " |", "|" + " ---: |" * len(line.head)]
        return ["", *head, *("| " + " | ".join(row) + " |" for row in line.rows), ""]
    return [f"    {text(line)}", ""]
