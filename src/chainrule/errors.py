"""Every error of chainrule.

    ChainruleError
    ├── ScriptError             the user's script could not be watched
    │   ├── ScriptMissing
    │   ├── ScriptNotPython
    │   └── NothingRecorded
    ├── RunError                the folder of a run
    │   ├── RunExists
    │   ├── RunMissing
    │   ├── NotARun
    │   ├── RunTooNew
    │   ├── RunDamaged
    │   ├── StepDamaged
    │   └── OutputNotWritable
    ├── QuestionError           a run was asked for something it does not hold
    │   ├── StepMissing
    │   ├── ParameterMissing
    │   ├── IndexOutOfRange
    │   ├── SampleOutOfRange
    │   ├── NotKept
    │   └── CannotTry
    ├── OptionError             what was typed
    │   ├── BadWeight
    │   ├── BadOption
    │   └── OptionConflict
    └── PackageMissing          an optional part is not installed

A class takes facts, not prose: its fields. The message is written once, from them: what happened, what to do
about it, and the section of docs/errors.md that says more.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

Where: TypeAlias = Path | str


class ChainruleError(Exception):
    """What chainrule raises on purpose. `slug` names its section of docs/errors.md."""

    slug: ClassVar[str] = ""

    @property
    def happened(self) -> str:
        """What happened, with its numbers, in one sentence."""
        raise NotImplementedError

    @property
    def to_do(self) -> str:
        """What to do about it."""
        raise NotImplementedError

    def __str__(self) -> str:
        return f"{self.happened}\n  to do: {self.to_do}\n  more: docs/errors.md#{self.slug}"

    def __reduce__(self) -> tuple[Any, ...]:
        facts = fields(self)  # type: ignore[arg-type]  # every class that is raised is a dataclass
        return type(self), tuple(getattr(self, fact.name) for fact in facts)


class ScriptError(ChainruleError):
    """The user's script could not be watched."""


@dataclass(eq=False)
class ScriptMissing(ScriptError):
    path: Where
    slug = "script-missing"

    @property
    def happened(self) -> str:
        return f"there is no script {self.path}"

    @property
    def to_do(self) -> str:
        return "check the name, and stand chainrule's own options before it: chainrule run -o RUN SCRIPT [ARGS…]"


@dataclass(eq=False)
class ScriptNotPython(ScriptError):
    path: Where
    line: int
    reason: str
    slug = "script-not-python"

    @property
    def happened(self) -> str:
        return f"{self.path}:{self.line} is not Python: {self.reason}"

    @property
    def to_do(self) -> str:
        if ".ipynb" in str(self.path):
            return "run that cell in Jupyter and mend it there; of IPython's own syntax only % and ! lines are known"
        return f"see that `python {self.path}` starts; chainrule runs .py files, notebooks and, with -m, modules"


@dataclass(eq=False)
class NothingRecorded(ScriptError):
    reason: str
    slug = "nothing-recorded"

    @property
    def happened(self) -> str:
        return f"no training step was recorded: {self.reason}"

    @property
    def to_do(self) -> str:
        return "let the watched code call loss.backward() and optimizer.step() at least once, in the same process"


class RunError(ChainruleError):
    """Something about the folder of a run."""


@dataclass(eq=False)
class RunExists(RunError):
    path: Where
    slug = "run-exists"

    @property
    def happened(self) -> str:
        return f"{self.path} exists already, and a run is never overwritten unasked"

    @property
    def to_do(self) -> str:
        return "choose another name, or replace the old run: -f on the command line, overwrite=True in Python"


@dataclass(eq=False)
class RunMissing(RunError):
    path: Where
    slug = "run-missing"

    @property
    def happened(self) -> str:
        return f"there is no run {self.path}"

    @property
    def to_do(self) -> str:
        return "check the name; `chainrule run SCRIPT` prints where it writes, by default below runs/"


@dataclass(eq=False)
class NotARun(RunError):
    path: Where
    slug = "not-a-run"

    @property
    def happened(self) -> str:
        return f"{self.path} is not a run of chainrule: it is not a folder with a run.json that states its format"

    @property
    def to_do(self) -> str:
        return "name the folder that `chainrule run` wrote, not one above it or a file inside it"


@dataclass(eq=False)
class RunTooNew(RunError):
    path: Where
    found: int
    known: int
    slug = "run-too-new"

    @property
    def happened(self) -> str:
        return f"{self.path} has format {self.found}, and this chainrule reads formats up to {self.known}"

    @property
    def to_do(self) -> str:
        return "upgrade chainrule to the version that wrote it, or a later one"


@dataclass(eq=False)
class RunDamaged(RunError):
    path: Where
    detail: str
    slug = "run-damaged"

    @property
    def happened(self) -> str:
        return f"{self.path} is damaged: {self.detail}"

    @property
    def to_do(self) -> str:
        return "record the run again; the steps in steps/*.safetensors may still be whole"


@dataclass(eq=False)
class StepDamaged(RunError):
    path: Where
    step: int
    detail: str
    slug = "step-damaged"

    @property
    def happened(self) -> str:
        return f"step {self.step} cannot be read, {self.path} is damaged: {self.detail}"

    @property
    def to_do(self) -> str:
        return "look at another step, the others are not affected; or record the run again"


@dataclass(eq=False)
class OutputNotWritable(RunError):
    path: Where
    reason: str
    slug = "output-not-writable"

    @property
    def happened(self) -> str:
        return f"{self.path} cannot be written: {self.reason}"

    @property
    def to_do(self) -> str:
        return "choose another place with -o, or free this one"


class QuestionError(ChainruleError):
    """A run was asked for something it does not hold."""


@dataclass(eq=False)
class StepMissing(QuestionError):
    step: int
    available: Sequence[int]
    slug = "step-missing"

    @property
    def happened(self) -> str:
        if not self.available:
            return f"step {self.step} was not recorded, and neither was any other"
        return (
            f"step {self.step} was not recorded; the nearest recorded are {_listed(self.nearest)}"
            f" (of {len(self.available)}, {min(self.available)} to {max(self.available)})"
        )

    @property
    def nearest(self) -> list[int]:
        """The recorded step before and the one after."""
        before = [step for step in self.available if step < self.step]
        after = [step for step in self.available if step > self.step]
        return [*([max(before)] if before else []), *([min(after)] if after else [])]

    @property
    def to_do(self) -> str:
        return f"ask for one of those, or record it: chainrule run --steps {self.step} SCRIPT"


@dataclass(eq=False)
class ParameterMissing(QuestionError):
    name: str
    known: Sequence[str]
    slug = "parameter-missing"

    @property
    def happened(self) -> str:
        return f"there is no parameter {self.name!r} in this step"

    @property
    def to_do(self) -> str:
        near = difflib.get_close_matches(self.name, self.known, n=3)
        if near:
            return f"did you mean {' or '.join(near)}?"
        return f"choose one of {_listed(self.known)}" if self.known else "no parameter took part in this step"


@dataclass(eq=False)
class IndexOutOfRange(QuestionError):
    name: str
    index: Sequence[int]
    shape: Sequence[int]
    slug = "index-out-of-range"

    @property
    def happened(self) -> str:
        return f"{self.name}{list(self.index)} does not exist: {self.name} has the shape {list(self.shape)}"

    @property
    def to_do(self) -> str:
        if not self.shape:
            return f"{self.name} is one number: leave the index away"
        if 0 in self.shape:
            return f"{self.name} is empty: choose another parameter"
        last = [size - 1 for size in self.shape]
        return f"give {len(self.shape)} numbers, from {[0] * len(last)} to {last}"


@dataclass(eq=False)
class SampleOutOfRange(QuestionError):
    sample: int
    count: int
    slug = "sample-out-of-range"

    @property
    def happened(self) -> str:
        return f"there is no sample {self.sample}: the batch of this step has {self.count}"

    @property
    def to_do(self) -> str:
        return f"choose a sample from 0 to {self.count - 1}" if self.count > 0 else "leave the sample away"


@dataclass(eq=False)
class NotKept(QuestionError):
    """`what` has a shape but no numbers in this run; `how` they can be had: an option."""

    what: str
    shape: Sequence[int]
    how: str = "--max-size 1024"
    slug = "not-kept"

    @property
    def happened(self) -> str:
        size = f"shape {list(self.shape)}, {math.prod(self.shape):,} numbers"
        return f"the numbers of {self.what} ({size}) were not kept: too many for the run, or overwritten by the script"

    @property
    def to_do(self) -> str:
        return f"record again with {self.how}, or ask for a smaller layer"


@dataclass(eq=False)
class CannotTry(QuestionError):
    """The script of the run cannot be run again."""

    path: Where
    reason: str
    slug = "cannot-try"

    @property
    def happened(self) -> str:
        return f"no fix can be tried on {self.path}: {self.reason}"

    @property
    def to_do(self) -> str:
        return "record the training with `chainrule run SCRIPT`, then `chainrule diagnose RUN --try`"


class OptionError(ChainruleError):
    """What was typed cannot be meant."""


@dataclass(eq=False)
class BadWeight(OptionError):
    text: str
    slug = "bad-weight"

    @property
    def happened(self) -> str:
        return f"{self.text!r} does not name a weight"

    @property
    def to_do(self) -> str:
        return "write the parameter's name and the place of the number in it: fc.weight[0,1]"


@dataclass(eq=False)
class BadOption(OptionError):
    option: str
    given: object
    reason: str
    slug = "bad-option"

    @property
    def happened(self) -> str:
        return f"{self.option} cannot be {self.given!r}: {self.reason}"

    @property
    def to_do(self) -> str:
        return f"give {self.option} another value; chainrule COMMAND --help says which"


@dataclass(eq=False)
class OptionConflict(OptionError):
    first: str
    second: str
    reason: str
    slug = "option-conflict"

    @property
    def happened(self) -> str:
        return f"{self.first} and {self.second} exclude each other: {self.reason}"

    @property
    def to_do(self) -> str:
        return f"give {self.first} or {self.second}, not both"


@dataclass(eq=False)
class PackageMissing(ChainruleError):
    """An optional part is not installed."""

    package: str
    extra: str
    slug = "package-missing"

    @property
    def happened(self) -> str:
        return f"this needs {self.package}, which is not installed"

    @property
    def to_do(self) -> str:
        return f"pip install 'chainrule[{self.extra}]'"


def _listed(things: Iterable[object], most: int = 8) -> str:
    """a, b, c … of the first `most`, and how many more there are."""
    names = [str(thing) for thing in things]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
