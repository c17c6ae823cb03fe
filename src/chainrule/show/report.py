"""The report at the end of `chainrule run`: the verdict first, then the network, the loss, the first and last step."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from chainrule.breakdown import Notation
from chainrule.diagnose import Diagnosis, diagnose
from chainrule.formula import Equation, text
from chainrule.run.all_reduce import AllReduce, all_reduce, ranks
from chainrule.run.history import History
from chainrule.run.outcome import outcome
from chainrule.run.ranks import whole_run
from chainrule.show.findings import brief
from chainrule.show.four_steps import StepReport, agreement
from chainrule.show.numbers import shape
from chainrule.show.processes import shared
from chainrule.show.terminal import FORWARD, GRADIENT, MUTED, WARNING, WIDTH, badge, indented, line
from chainrule.show.whole_run import loss_curve, verdict
from chainrule.step import Step


@dataclass(frozen=True, slots=True)
class RunReport:
    """What the end of a watched script prints. `first` and `last` are recorded steps, None where there is none."""

    path: Path
    losses: Sequence[float]
    steps: Sequence[int]
    first: Step | None
    last: Step | None
    disagreements: Sequence[str]
    problems: Sequence[str]
    processes: int = 1
    all_reduces: Sequence[AllReduce | None] = (None, None)  # of `first` and `last`
    found: Diagnosis | None = None
    raised: str = ""  # the exception that ended the script

    def __rich__(self) -> Group:
        return Group(*self.parts())

    def parts(self) -> Iterator[RenderableType]:
        result = outcome(self.losses)
        yield line()
        whose = f"   {self.processes} processes; this is the first of them" if self.processes > 1 else ""
        yield line(("∂ chainrule", f"bold {GRADIENT}"), (f"   {self.path}{whose}", MUTED))
        for said in verdict(result, self.last):
            yield indented(said, by=2)
        if self.raised:
            yield line((f"  ! {self.raised}", WARNING))
        if self.found is not None:
            yield from brief(self.found)
        for error in self.disagreements:
            yield line((f"  ✗ {error}", "bold red"))
        for problem in self.problems:
            yield line((f"  ! {problem.strip().splitlines()[-1]}", WARNING))
        if self.first is None:
            return
        yield line()
        yield from network(Notation(self.first))
        yield line()
        yield loss_curve(self.losses, self.steps, self.last.index if self.last else None)
        yield line()
        yield StepReport(self.first, len(self.losses), self.all_reduces[0])
        if self.last is not None and self.last.index != self.first.index:
            yield line()
            yield Brief(self.last, len(self.losses), self.all_reduces[-1])
        yield line()
        yield from self.next_commands()

    def next_commands(self) -> Iterator[Text]:
        run = shlex.quote(str(self.path))
        weight = self.some_weight()
        last = self.last.index if self.last else 0
        yield line(("next", "bold"), (f"   {len(self.steps)} of {len(self.losses):,} steps are recorded", MUTED))
        if self.found is not None and self.found.findings:
            yield line("  why, with its numbers; and each suggested fix tried on the script")
            yield command(f"chainrule diagnose {run}", "--try")
        yield line("  that step in full")
        yield command(f"chainrule explain {run}", f"--step {last}")
        yield line("  every step, to look at in a browser")
        yield command("chainrule report", run)
        if weight:
            yield line("  where one gradient came from")
            yield command(f"chainrule explain {run}", f"--weight {shlex.quote(weight)}")

    def some_weight(self) -> str:
        """The first weight, as --weight takes it."""
        parameters = self.first.parameters if self.first else {}
        name, value = next(iter(sorted(parameters.items(), key=lambda item: -len(item[1].shape))), ("", None))
        if value is None:
            return ""
        return f"{name}[{','.join('0' for _ in value.shape)}]" if value.shape else name


def report_of(history: History, name: Path | None = None) -> RunReport:
    """The report of a run on disk, under the name that the user knows it by. Raises StepDamaged."""
    steps = list(history.steps)
    read = [history.read(index) for index in dict.fromkeys((steps[0], steps[-1]))] if steps else []
    found = ((index, row["agreement"]) for index, row in sorted(history.rows.items()))
    noted = history.about.get("problems")
    problems = [*history.problems, *(noted if isinstance(noted, list) else ())]
    all_reduces = [all_reduce(history.path, step) for step in read]
    shared_wrongly = [
        f"step {step.index}: {error}"
        for step, found in zip(read, all_reduces, strict=True)
        if found is not None
        for error in found.errors
    ]
    if history.thinned:
        problems.append(f"{len(history.thinned):,} recorded steps were deleted to keep the run within its --max-size")
    return RunReport(
        path=name or history.path,
        losses=list(history.losses),
        steps=steps,
        first=read[0] if read else None,
        last=read[-1] if read else None,
        disagreements=[f"step {i}: {error}" for i, agreement in found if agreement for error in agreement.errors]
        + shared_wrongly,
        problems=list(dict.fromkeys(map(str, problems))),
        processes=len(ranks(whole_run(history.path))) or 1,
        all_reduces=all_reduces or (None,),
        found=diagnose(history),
        raised=_raised(history),
    )


def _raised(history: History) -> str:
    error = history.about.get("error")
    if not isinstance(error, dict):
        return ""
    where = f" in {Path(str(error.get('file'))).name}:{error.get('line')}" if error.get("file") else ""
    return f"the script ended with {error.get('type')}{where}, after {len(history.losses):,} steps"


def command(begin: str, rest: str) -> Text:
    """A command to copy; where it is too long for the line, the shell's backslash breaks it."""
    whole = f"    {begin} {rest}"
    return line((whole if len(whole) <= WIDTH else f"    {begin} \\\n      {rest}", FORWARD))


class Brief(StepReport):
    """The last recorded step: its numbers, without repeating the formulas."""

    def parts(self) -> Iterator[RenderableType]:
        title = self.title()
        title.append("   the last recorded step", style=MUTED)
        yield title
        values = self.shown_values()
        if values:
            yield line()
            yield badge(1, "Forward", "")
            yield indented(self.sample_table([(v, None) for v in values], FORWARD))
        yield line()
        yield badge(3, "Backward", "")
        yield indented(
            *self.shares(), line(), agreement(self.step.agreement, self.all_reduce is None), *shared(self.all_reduce)
        )


def network(notation: Notation) -> Iterator[Text]:
    """The network as one formula, and what its letters stand for."""
    composed = notation.network()
    prediction, loss = notation.prediction, notation.loss
    if composed is not None and prediction is not None:
        whole = text(Equation((notation[prediction], composed)))
        yield line("  ", ("network", MUTED), "   ", (whole, f"bold {FORWARD}"))
    else:
        calls = notation.calls
        ruled = sum(call.rule is not None for call in calls)
        yield line("  ", ("network", MUTED), f"   {len(calls)} calls, {ruled} of them by our own rules")
    made = notation.producer.get(loss.index) if loss is not None else None
    if loss is not None and made is not None:
        definition = notation.definition(made) or notation.formula(made)
        yield line("  ", ("loss", MUTED), "      ", (text(Equation((notation[loss], definition))), f"bold {FORWARD}"))
    named = [
        f"{notation[v].text} = {v.name} ({shape(v.shape)})"
        for v in notation.step.parameters.values()
        if notation[v].text != v.name
    ]
    for begin in range(0, min(len(named), 8), 2):
        yield line(" " * 12, ("    ".join(named[begin : begin + 2]), MUTED))
    if len(named) > 8:
        yield line(" " * 12, (f"… and {len(named) - 8} more parameters", MUTED))
