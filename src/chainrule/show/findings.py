"""The findings of a diagnosis, in the terminal and as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from chainrule.diagnose import Diagnosis, Finding, Tried
from chainrule.show.numbers import number
from chainrule.show.record import plain
from chainrule.show.terminal import FORWARD, GRADIENT, MUTED, UPDATE, WARNING, indented, line


class DiagnosisReport:
    """Every finding with its place, its evidence, the reason and the fix; one line where there is none."""

    def __init__(self, found: Diagnosis) -> None:
        self.found = found

    def __rich__(self) -> Group:
        return Group(*self.parts())

    def parts(self) -> Iterator[RenderableType]:
        if not self.found.judged and not self.found.findings:
            yield line(("Nothing to judge: no recorded step of this run has a backward pass.", f"bold {WARNING}"))
        elif self.found.healthy:
            yield line(("✓ nothing found that keeps the network from learning", f"bold {UPDATE}"))
        for i, finding in enumerate(self.found.findings, 1):
            yield from _finding(i, finding)
        for problem in self.found.problems:
            yield line((f"! {problem}", WARNING))


def brief(found: Diagnosis) -> Iterator[RenderableType]:
    """What a report says of it: each finding's fact, place and fix, or that there is none."""
    for finding in found.findings:
        title = line(("✗ ", f"bold {WARNING}"), (finding.title, f"bold {GRADIENT}"), (f"   {finding.slug}", MUTED))
        yield indented(title, by=2)
        yield indented(line((str(finding.where), FORWARD)), line((f"mend: {finding.fix}", UPDATE)), by=4)
    if found.healthy:
        yield line(("  ✓ nothing found that keeps the network from learning", UPDATE))


def _finding(i: int, finding: Finding) -> Iterator[RenderableType]:
    yield line(
        (f"{i}  {finding.title}", f"bold {GRADIENT}"), (f"   {finding.slug} · {finding.severity} learning", MUTED)
    )
    yield indented(*_body(finding), by=3)
    yield line()


def _body(finding: Finding) -> Iterator[Text]:
    first, last = finding.steps
    yield line((str(finding.where), FORWARD), (f"   steps {first:,} to {last:,}", MUTED))
    for name, value in finding.evidence.items():
        yield line((f"{name}: ", MUTED), _written(value))
    yield line(finding.because)
    yield line((f"mend: {finding.fix}", f"bold {UPDATE}"))
    for part in finding.diff.splitlines():
        yield line((part, UPDATE if part.startswith("+") else WARNING))
    if finding.tried is not None:
        yield from _trial(finding.tried)
    if finding.follows:
        yield line((f"from it follows: {', '.join(finding.follows)}", MUTED))


def _trial(tried: Tried) -> Iterator[Text]:
    yield line(
        (f"tried: {tried.change}", f"bold {UPDATE if tried.better else WARNING}"),
        (f"   {tried.steps:,} steps: {'better' if tried.better else 'not better'}", MUTED),
    )
    for name in ("last loss", "explained", "ended"):
        before, after = tried.before[name], tried.after[name]
        if before != after and None not in (before, after):
            yield line((f"{name}: ", MUTED), f"{_written(before)} → {_written(after)}")


def _finding_record(finding: Finding) -> dict[str, Any]:
    made = asdict(finding)
    del made["attempts"], made["missing"]
    return made


def _written(value: Any) -> str:
    return number(value) if isinstance(value, float) else str(value)


def record(found: Diagnosis) -> dict[str, Any]:
    """The diagnosis as plain data for JSON."""
    said = found.findings[0].title if found.findings else "healthy" if found.judged else "nothing to judge"
    made = {
        "verdict": said,
        "findings": [_finding_record(finding) for finding in found.findings],
        "problems": found.problems,
    }
    return plain(made)  # type: ignore[no-any-return]
