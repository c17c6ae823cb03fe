"""The terminal's building blocks: 88 columns, the colours of the four steps, lines, badges and tables.

Nothing in this room computes a number: every one comes from breakdown/ and run/.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from chainrule.formula import Formula, text

WIDTH = 88
FORWARD, GRADIENT, UPDATE, WARNING, MUTED = "#3d9be9", "#f0743e", "#2fb380", "#d99a1e", "grey58"
BADGES = {1: f"bold white on {FORWARD}", 2: f"bold white on {GRADIENT}", 3: f"bold white on {GRADIENT}"}
BADGES[4] = f"bold white on {UPDATE}"
ROWS = 8  # samples that are written out


def line(*parts: str | tuple[str, str]) -> Text:
    return Text.assemble(*parts)


class Hanging:
    """A line whose continuations stand further in, where it is too long for the terminal."""

    def __init__(self, text: Text, by: int = 4) -> None:
        self.text = text
        self.by = by

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        first = self.text.wrap(console, options.max_width)[0]
        rest = self.text[len(first.plain) :]
        yield first
        rest = rest[len(rest.plain) - len(rest.plain.lstrip()) :]
        if rest:
            yield Padding(rest, (0, 0, 0, self.by))


def indented(*what: RenderableType, by: int = 5) -> Padding:
    return Padding(Group(*what), (0, 0, 0, by))


def badge(step: int, title: str, what: str) -> Text:
    colour = BADGES[step].removeprefix("bold white on ")
    return line("  ", (f" {step} ", BADGES[step]), " ", (title, f"bold {colour}"), "   ", (what, MUTED))


def module_name(path: str) -> str:
    """A module's path; inside a bare nn.Sequential that is a number, which alone would not say what it numbers."""
    return f"layer {path}" if re.fullmatch(r"[0-9.]+", path) else path


def formula_line(formula: Formula, colour: str, note: str = "", definition: Formula | None = None) -> Hanging:
    made = Text(text(formula), style=colour)
    if definition is not None and not made.plain.endswith(f"= {text(definition)}"):  # tanh is defined as tanh
        made.append(f" = {text(definition)}", style=MUTED)
    if note:
        made.append(f"   {note}", style=MUTED)
    return Hanging(made)


def grid(headers: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]], last_style: str = "") -> Table:
    """A table without lines; headers are (title, colour)."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=MUTED)
    for title, colour in headers:
        table.add_column(Text(title, style=MUTED), justify="right", style=colour, no_wrap=True)
    for i, row in enumerate(rows):
        table.add_row(*row, style=last_style if i == len(rows) - 1 else "")
    return table


def console(stderr: bool = False) -> Console:
    """A console of at most our width; plain text where it is not a terminal."""
    made = Console(stderr=stderr, highlight=False)
    made.width = min(made.width, WIDTH) if made.is_terminal else WIDTH
    return made


def show(what: RenderableType, stderr: bool = False) -> None:
    """Print, without the blanks that pad lines to equal length."""
    target = console(stderr)
    with target.capture() as captured:
        target.print(what)
    target.file.write(re.sub(r"[ \u2800]+$", "", captured.get(), flags=re.MULTILINE))
    target.file.flush()
