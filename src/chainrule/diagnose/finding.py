"""What a check says when its law is broken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any, Literal

from chainrule.diagnose.intervention import Intervention
from chainrule.step import Call, Line, Step, Update


@dataclass(frozen=True, slots=True)
class Where:
    """The place to look at; what is not known is "" or 0.

    `file` and `line` are those to mend; `called` is where a layer is called that is made there.
    """

    module: str = ""
    parameter: str = ""
    call: str = ""
    file: str = ""
    line: int = 0
    called: str = ""

    @staticmethod
    def of(call: Call, parameter: str = "") -> Where:
        return Where(call.module, parameter, call.name, call.file, call.line)

    @staticmethod
    def of_layer(call: Call, parameter: str = "") -> Where:
        """Where the script makes the layer, as nn.Softmax(dim=0); the call itself where that is not known."""
        if not call.made.file:
            return Where.of(call, parameter)
        return Where(call.module, parameter, call.name, call.made.file, call.made.line, f"{call.file}:{call.line}")

    @staticmethod
    def of_weights(call: Call, names: Iterable[str], step: Step) -> Where | None:
        """Where the script itself wrote the first numbers of one of these weights, which the call takes; None where it
        left them as the layer draws them."""
        for name in names:
            line = step.drawn.get(name)
            if line is not None and line.file and line != call.made:
                return Where(call.module, name, call.name, line.file, line.line, f"{call.file}:{call.line}")
        return None

    @staticmethod
    def of_schedule(update: Update, parameter: str = "") -> Where:
        """Where the learning rate is set: the script's own function, the scheduler, or the optimizer."""
        scheduled, factor = update.scheduled, update.factor
        if not scheduled.file:
            return Where.at(update.made, update.optimizer, parameter=parameter)
        if factor.file and factor != scheduled:
            return Where("", parameter, "scheduler", factor.file, factor.line, f"{scheduled.file}:{scheduled.line}")
        return Where.at(scheduled, "scheduler", parameter=parameter)

    @staticmethod
    def at(line: Line, call: str, module: str = "", parameter: str = "") -> Where:
        return Where(module, parameter, call, line.file, line.line)

    def __str__(self) -> str:
        line = f"{self.file}:{self.line}" if self.file else ""
        line += f", called at {PurePath(self.called).name}" if self.called else ""
        return " · ".join(part for part in (self.parameter or self.module, self.call, line) if part)


@dataclass(frozen=True, slots=True)
class Tried:
    """What happened when a fix was tried on the script, in a process of its own.

    change         what was done
    steps          training steps that were made with it
    before, after  of the run without and with it: "loss" of the first and the last step, "explained" (the share of the
                   targets' spread that the answers explain, late in the run), "ended"
    better         whether the training is better with it
    """

    change: str
    steps: int
    before: dict[str, Any]
    after: dict[str, Any]
    better: bool


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
    severity  its effect on this training: "stops" where nothing was learnt with it, else "hinders"
    tried     what happened when the fix was tried; None where it was not
    missing   steps that were not recorded and would tell the place; `--try` records them
    attempts  what may be done to try the fix on the script, the best first; none where it can only be tried by hand
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
    missing: tuple[int, ...] = field(default=())
    attempts: tuple[Intervention, ...] = field(default=())
    severity: Literal["stops", "hinders"] = "hinders"
    tried: Tried | None = None

    def with_consequences(self, slugs: tuple[str, ...]) -> Finding:
        return replace(self, follows=slugs)
