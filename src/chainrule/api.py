"""What a user holds in Python: a Run, its Steps, and Derivations; how to watch, load and explain."""

from __future__ import annotations

import operator
import sys
import webbrowser
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Any, SupportsIndex

import torch
from rich.console import Console, Group, RenderableType

from chainrule import step as data
from chainrule.breakdown import Derivation as DerivationData
from chainrule.breakdown import Deriver, backward_rows, forward_rows, partial_rows, update_rows
from chainrule.diagnose import Finding, diagnose
from chainrule.errors import NothingRecorded
from chainrule.formula import text
from chainrule.run.all_reduce import AllReduce, all_reduce, ranks
from chainrule.run.history import History, open_run
from chainrule.run.outcome import Outcome, outcome
from chainrule.run.schedule import Schedule
from chainrule.run.trained import how_trained, read_norms, read_source
from chainrule.session import Checks, Session
from chainrule.show import record
from chainrule.show.four_steps import StepReport
from chainrule.show.html import html
from chainrule.show.lesson import lesson
from chainrule.show.markdown import markdown
from chainrule.show.one_weight import DerivationReport, sentence
from chainrule.show.page import document, payload
from chainrule.show.report import RunReport, report_of
from chainrule.show.terminal import WIDTH
from chainrule.show.tex import tex
from chainrule.show.widget import widget
from chainrule.training.one_step import OneStep
from chainrule.watching.exchange import joined
from chainrule.watching.launcher import launched
from chainrule.watching.watcher import Watcher

Tensor = torch.Tensor


def printed(what: RenderableType) -> str:
    """A rich renderable as plain text."""
    target = StringIO()
    Console(file=target, width=WIDTH, highlight=False, color_system=None).print(what)
    return "\n".join(line.rstrip() for line in target.getvalue().splitlines())


def in_colour(what: RenderableType) -> str:
    """A rich renderable as HTML, its colours inline: nothing to load."""
    console = Console(file=StringIO(), width=WIDTH, highlight=False, record=True, force_terminal=True)
    console.print(what)
    return console.export_html(inline_styles=True, code_format='<pre style="line-height:1.2">{code}</pre>')


class Section(Sequence[Any]):
    """One of the four steps: its rows, which print as the report does."""

    def __init__(self, rows: Sequence[Any], shown: Callable[[], Iterator[RenderableType]]) -> None:
        self._rows = rows
        self._shown = shown

    def __getitem__(self, index: Any) -> Any:
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __str__(self) -> str:
        return printed(Group(*self._shown()))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return in_colour(Group(*self._shown()))


@dataclass(frozen=True)
class Call:
    """One torch call of a step.

    name         as the field writes it: F.linear
    module       path of the module that made it, "" outside of modules
    file, line   the user's source line
    rule         our rule's name, or None: opaque, differentiated by autograd
    reason       why it is opaque, else ""
    formula      ŷ = σ(z)
    inputs       the tensors among its arguments; None where the numbers were not kept
    output       the result, likewise
    gradient     of the loss with respect to the output, shape of `output`; None where no gradient arrived
    """

    name: str
    module: str
    file: str
    line: int
    rule: str | None
    reason: str
    formula: str
    inputs: tuple[Tensor | None, ...]
    output: Tensor | None
    gradient: Tensor | None


@dataclass(frozen=True)
class Parameter:
    """A parameter in one step. All tensors have its shape; None where they were not kept.

    value      before the step
    gradient   of the loss, by our chain rule
    after      what the optimizer wrote
    """

    name: str
    value: Tensor | None
    gradient: Tensor | None
    after: Tensor | None


class Derivation:
    """Where one weight's gradient came from. Its fields are those of breakdown.Derivation: value, factors, shares,
    share, gradient, autograd, after, levels, ..."""

    def __init__(self, found: DerivationData) -> None:
        self._data = found

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._data, name)

    @property
    def sentence(self) -> str:
        return sentence(self._data)

    def text(self) -> str:
        return printed(DerivationReport(self._data))

    def markdown(self) -> str:
        return markdown(lesson(self._data))

    def latex(self) -> str:
        return tex(lesson(self._data))

    def mathml(self) -> str:
        return html(lesson(self._data))

    def json(self) -> dict[str, Any]:
        return record.derivation(self._data)

    def __rich__(self) -> DerivationReport:
        return DerivationReport(self._data)

    def _repr_html_(self) -> str:
        return in_colour(self)

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__


class Step:
    """One recorded training step, broken down."""

    def __init__(self, recorded: data.Step, steps: int | None = None, run: Path | None = None) -> None:
        self._data = recorded
        self._steps = steps
        self._run = run

    @property
    def index(self) -> int:
        return self._data.index

    @property
    def loss(self) -> float:
        return self._data.loss

    @property
    def agreement(self) -> data.Agreement | None:
        """The worst relative differences to autograd and to the optimizer's real result."""
        return self._data.agreement

    @cached_property
    def all_reduce(self) -> AllReduce | None:
        """Whether the gradient that the optimizer used is the average over several processes; None where one trains.

        `agreement` compares this process's own gradients, before they are averaged.
        """
        return None if self._run is None else all_reduce(self._run, self._data)

    @property
    def problems(self) -> list[str]:
        """What could not be recorded, and why."""
        return self._data.problems

    @cached_property
    def _deriver(self) -> Deriver:
        return Deriver(self._data)

    @cached_property
    def _report(self) -> StepReport:
        return StepReport(self._data, self._steps, self.all_reduce)

    @property
    def forward(self) -> Section:
        return Section(forward_rows(self._deriver.notation), self._report.forward)

    @property
    def partials(self) -> Section:
        return Section(partial_rows(self._deriver.notation), self._report.partials)

    @property
    def backward(self) -> Section:
        return Section(backward_rows(self._deriver.notation), self._report.backward)

    @property
    def update(self) -> Section:
        return Section(update_rows(self._data), self._report.update)

    @property
    def calls(self) -> list[Call]:
        """The calls between the data and the loss, in the order in which they ran."""
        notation = self._deriver.notation
        return [
            Call(
                name=row.call.name,
                module=row.call.module,
                file=row.call.file,
                line=row.call.line,
                rule=row.call.rule,
                reason=row.call.reason,
                formula=text(row.formula),
                inputs=tuple(value.tensor for value in row.call.values),
                output=row.call.output.tensor,
                gradient=self._data.gradients.get(row.call.output.index),
            )
            for row in forward_rows(notation)
        ]

    @property
    def parameters(self) -> dict[str, Parameter]:
        after = {index: change.after for made in self._data.updates for index, change in made.parameters.items()}
        return {
            name: Parameter(name, v.tensor, self._data.gradients.get(v.index), after.get(v.index))
            for name, v in self._data.parameters.items()
        }

    def derive(self, parameter: str, index: tuple[int, ...] = (), sample: int | None = None) -> Derivation:
        """Where the gradient of one weight came from: `derive("fc.weight", (0, 1), sample=2)`.

        Without a sample, the one that contributes most is followed. Raises ParameterMissing, IndexOutOfRange,
        SampleOutOfRange, NotKept where the run did not keep the numbers, and BadOption where they are complex.
        """
        return Derivation(self._deriver.derive(parameter, index, sample))

    def json(self) -> dict[str, Any]:
        return record.step(self._data, self.all_reduce)

    def __rich__(self) -> StepReport:
        return self._report

    def _repr_html_(self) -> str:
        """The page of this step, in a frame."""
        return document.frame(payload.of_step(self._data), f"step {self.index:,}")

    def widget(self) -> Any:
        """The page of this step as a widget of a notebook, see Run.widget."""
        return widget(payload.of_step(self._data))

    def __str__(self) -> str:
        return printed(self._report)

    __repr__ = __str__


class Run:
    """A recorded training: `run[1000]` is its step 1000, `run.steps` says which there are.

    Where several processes trained together it is the run of the first, and `run.ranks` has those of all.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    @property
    def history(self) -> History:
        """The run's folder as it is now; it may still be growing."""
        return open_run(self.path)

    @property
    def about(self) -> dict[str, Any]:
        """Script, command, versions, how it ended."""
        return self.history.about

    @property
    def losses(self) -> list[float]:
        """The loss of every training step."""
        return list(self.history.losses)

    @property
    def steps(self) -> list[int]:
        """The recorded steps."""
        return list(self.history.steps)

    @property
    def ranks(self) -> list[Run]:
        """The run of every process that trained together, by rank; empty where one trained alone."""
        return [Run(history.path) for history in ranks(self.path)]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What keeps the network from learning, the one to mend first at the head (docs/findings.md)."""
        return diagnose(self.history).findings

    @property
    def outcome(self) -> Outcome:
        return outcome(self.losses)

    @property
    def native(self) -> str:
        """What trained: "natively, by lane", or "in PyTorch: …", and why; "" for a training that was watched."""
        return how_trained(self.about.get("native"))

    def native_source(self) -> str:
        """The code that trained natively, for a reader; "" where PyTorch did."""
        return read_source(self.path)

    @property
    def gradient_norms(self) -> dict[str, array[float]]:
        """The Euclidean norm of every parameter's gradient at every step after the first, where `train` kept them."""
        return read_norms(self.path)

    def __getitem__(self, index: SupportsIndex) -> Step:
        """Step `index`; a negative one counts recorded steps from the end. Raises StepMissing, naming the near ones."""
        if not isinstance(index, SupportsIndex):
            raise TypeError(f"a step is chosen by its number, as in run[0], not by {index!r}")
        index = operator.index(index)
        history = self.history
        if index < 0 and -index <= len(history.steps):
            index = history.steps[index]
        return Step(history.read(index), len(history.losses), history.path)

    def __iter__(self) -> Iterator[Step]:
        return (self[index] for index in self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def report(self, path: Path | str | None = None, open: bool = False) -> Path:
        """Write the interactive page of the run, one HTML file that needs nothing else; returns where it is.

        path   by default the run's own with .html added
        open   show it in the browser

        Raises OutputNotWritable, StepDamaged.
        """
        written = document.write(payload.of_run(self.history, self.path.name), self.path.name, path or self._page)
        if open:
            webbrowser.open(written.absolute().as_uri())
        return written

    @property
    def _page(self) -> Path:
        return self.path.parent / f"{self.path.resolve().name}.html"

    def __rich__(self) -> RunReport:
        return report_of(self.history)

    def _repr_html_(self) -> str:
        """The page of the run, in a frame."""
        return document.frame(payload.of_run(self.history, self.path.name), self.path.name)

    def widget(self) -> Any:
        """The page of the run as a widget of a notebook: its `step`, `weight`, `index` and `sample` are those in view.

        Needs pip install 'chainrule[notebook]'. Raises PackageMissing, StepDamaged.
        """
        return widget(payload.of_run(self.history, self.path.name))

    def __repr__(self) -> str:
        processes = f", {len(found)} processes" if (found := self.ranks) else ""
        return f"<chainrule run {self.path}: {len(self.losses):,} steps, {len(self.steps)} recorded{processes}>"


def load(path: Path | str) -> Run:
    """A run from its folder. Raises RunMissing, NotARun, RunTooNew, RunDamaged."""
    open_run(path)
    return Run(path)


@contextmanager
def watch(
    path: Path | str,
    *,
    every: int | None = None,
    steps: Sequence[int] | None = None,
    check: Checks = "first",
    max_bytes: int = 64 << 20,
    overwrite: bool = False,
) -> Iterator[Run]:
    """Record the training inside the `with` block, whatever its loop looks like; nothing of it changes.

    every, steps   which steps to record; by default densely at first, then ever more rarely
    check          in which recorded steps each rule is checked alone: "first", "all" or "none"
    max_bytes      bound on the run's size; recorded steps are thinned out to keep it
    overwrite      replace a run that is there

    Where several processes train together, each records into a folder of its own in `path`, and the run is its own.

    Raises RunExists, OutputNotWritable. A failure of ours during the training is noted in the run instead.
    """
    about: dict[str, Any] = {"script": sys.argv[0] if sys.argv else "", "command": list(sys.argv)}
    rank = joined() or launched()
    if rank is not None:
        about["rank"], about["ranks"] = rank
    session = Session(
        Path(path), Schedule(every=every, steps=steps), about, check, max_bytes=max_bytes, overwrite=overwrite
    )
    session.start()
    ended, raised = "exception", None
    try:
        yield Run(session.recording.path if rank else path)
        ended = "finished"
    except KeyboardInterrupt:
        ended = "interrupted"
        raise
    except BaseException as error:
        raised = error
        raise
    finally:
        session.stop(ended, raised)


def explain(loss: Callable[[], Tensor], optimizer: torch.optim.Optimizer | None = None) -> Step:
    """One step broken down, with nothing trained: `explain(lambda: loss_fn(model(X), y), optimizer)`.

    Runs the loss, its backward and, if given, the optimizer once, then puts parameters, gradients, buffers that the
    optimizer holds, and torch's CPU random state back as they were. Buffers of the model, such as running means of
    batch norm, are not put back. Raises NothingRecorded when the loss depends on no parameter or is no tensor.
    """
    before = _State(optimizer)
    kept = OneStep()
    watcher = Watcher(kept)
    watcher.start()
    try:
        value = loss()
        if not isinstance(value, Tensor):
            raise NothingRecorded(f"the loss is no tensor but {value!r:.60}")
        if not value.requires_grad:
            raise NothingRecorded("the loss depends on no parameter that requires grad")
        before.note_leaves(watcher)
        value.backward()
        if optimizer is not None:
            optimizer.step()
    finally:
        watcher.stop()
        before.restore()
    return Step(kept.result)


class _State:
    """What `explain` puts back: parameters with their gradients, the optimizer's state, the random state."""

    def __init__(self, optimizer: torch.optim.Optimizer | None) -> None:
        self.optimizer = optimizer
        self.random = torch.get_rng_state()
        self.parameters: dict[int, tuple[Tensor, Tensor, Tensor | None]] = {}
        if optimizer is not None:
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    self._note(parameter)
            self.state = {p: {k: _copy(v) for k, v in s.items()} for p, s in optimizer.state.items()}

    def note_leaves(self, watcher: Watcher) -> None:
        if watcher.recorder is not None:
            for leaf in list(watcher.recorder.leaves.values()):
                if leaf.requires_grad and leaf.is_leaf:  # data that was written since is none
                    self._note(leaf)

    def _note(self, p: Tensor) -> None:
        """Take the gradient away, so that nothing writes into it."""
        if id(p) not in self.parameters:
            self.parameters[id(p)] = (p, p.detach().clone(), p.grad)
            p.grad = None

    def restore(self) -> None:
        torch.set_rng_state(self.random)
        with torch.no_grad():
            for p, value, gradient in self.parameters.values():
                p.copy_(value)
                p.grad = gradient
        if self.optimizer is not None:
            self.optimizer.state.clear()
            self.optimizer.state.update(self.state)


def _copy(value: Any) -> Any:
    return value.detach().clone() if isinstance(value, Tensor) else value
