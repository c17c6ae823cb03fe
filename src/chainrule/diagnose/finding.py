"""What a check says when its law is broken."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from chainrule.step import Call


@dataclass(frozen=True, slots=True)
class Where:
    """The place to look at; what is not known is "" or 0."""

    module: str = ""
    parameter: str = ""
    call: str = ""
    file: str = ""
    line: int = 0

    @staticmethod
    def of(call: Call, parameter: str = "") -> Where:
        return Where(call.module, parameter, call.name, call.file, call.line)

    def __str__(self) -> str:
        line = f"{self.file}:{self.line}" if self.file else ""
        return " · ".join(part for part in (self.parameter or self.module, self.call, line) if part)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that keeps a network from learning.

    slug      a stable name: the check's file name with hyphens
    title     the fact in a few words
    where     the place to mend
    steps     the first and last recorded step in which it was seen
    evidence  numbers by name, measured in those steps
    because   why learning fails of it, in terms of the chain rule
    fix       what to change
    diff      the change of the source by hand, as lines of a diff; "" where it depends too much on the script
    follows   slugs of what was seen, too, and follows from this
    """

    slug: str
    title: str
    where: Where
    steps: tuple[int, int]
    evidence: dict[str, Any]
    because: str
    fix: str
    diff: str = ""
    follows: tuple[str, ...] = field(default=())

    def with_consequences(self, slugs: tuple[str, ...]) -> Finding:
        return replace(self, follows=slugs)
