"""A sweep in the terminal: how many networks of each size learn the task, and where the others get stuck."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType

from chainrule.show.terminal import FORWARD, MUTED, UPDATE, WARNING, indented, line

BAR = 40  # columns
MOST_STUCK = 3  # losses that are written out for each size


@dataclass(frozen=True)
class SweepRow:
    """Networks of one size.

    hidden    units
    networks  trained
    solved    of them
    stuck     (loss at the end, how many networks), the most frequent first
    """

    hidden: int
    networks: int
    solved: int
    stuck: Sequence[tuple[float, int]]


class SweepReport:
    def __init__(self, title: str, rows: Sequence[SweepRow]) -> None:
        self.title, self.rows = title, rows

    def __rich__(self) -> Group:
        return Group(*self.parts())

    def parts(self) -> Iterator[RenderableType]:
        yield line((self.title, f"bold {FORWARD}"))
        yield line()
        for row in self.rows:
            filled = BAR * row.solved // row.networks
            yield line(
                f"{row.hidden:>3} hidden  ",
                ("█" * filled, UPDATE),
                ("·" * (BAR - filled), MUTED),
                f"  {row.solved:,} of {row.networks:,} learn it",
            )
            for loss, count in row.stuck[:MOST_STUCK]:
                stuck = line((f"{count:,} end at a loss of {loss:.3f}", WARNING))
                yield indented(stuck, by=12)
            others = sum(count for _, count in row.stuck[MOST_STUCK:])
            if others:
                yield indented(line((f"{others:,} elsewhere", MUTED)), by=12)
