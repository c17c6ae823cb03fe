"""What a check may look at: the losses of a run, and recorded steps in which the network can be followed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

import torch

from chainrule.breakdown import Deriver, Notation, Samples
from chainrule.breakdown.links import Aligned, Gathered, Link, links
from chainrule.breakdown.verify import dense
from chainrule.diagnose.measure import WINDOW, around
from chainrule.run.history import History
from chainrule.run.outcome import Outcome, outcome
from chainrule.step import Aside, Call, Line, ParameterUpdate, Step, Update, Value

Tensor = torch.Tensor

EARLY = 4  # of the first recorded steps all are looked at,
SPREAD = 8  # of the others so many, evenly
BEGIN = 5  # steps: few enough that a quick network has not learnt yet
MOST = 4  # trainings of a run; of more, as in a search or a cross-validation, it is one series


@dataclass(frozen=True, slots=True)
class Failure:
    """The exception that ended the script; `step` is what it left of the step in flight, if that was recorded."""

    type: str
    message: str
    at: Line
    step: Step | None

    @property
    def asides(self) -> list[Aside]:
        return [] if self.step is None else self.step.asides


@dataclass(eq=False)
class Seen:
    """One recorded step with its notation; `calls` are those between the data and the loss, in order."""

    step: Step
    deriver: Deriver

    @staticmethod
    def of(step: Step) -> Seen:
        return Seen(step, Deriver(step))

    @property
    def index(self) -> int:
        return self.step.index

    @property
    def notation(self) -> Notation:
        return self.deriver.notation

    @property
    def batch(self) -> Samples:
        return self.deriver.batch

    @property
    def calls(self) -> list[Call]:
        return self.deriver.notation.calls

    def gradient(self, value: Value) -> Tensor | None:
        """Of the loss by this value, by our chain rule; dense."""
        found = self.step.gradients.get(value.index)
        return None if found is None else dense(found)

    def parameter(self, name: str) -> Value | None:
        """The parameter of this name; a step in which one model is called and not two leaves out the model's name."""
        found = self.step.parameters.get(name)
        if found is not None:
            return found
        others = [v for key, v in self.step.parameters.items() if key.endswith(f".{name}") or name.endswith(f".{key}")]
        return others[0] if len(others) == 1 else None

    @property
    def changes(self) -> dict[str, ParameterUpdate]:
        """What the optimizers did in this step, by the parameter's name."""
        return {self.step.values[i].name: c for made in self.step.updates for i, c in made.parameters.items()}

    @property
    def moved(self) -> dict[int, ParameterUpdate]:
        """`changes` of optimizers, by the number of the parameter's Value; what a script writes itself is none."""
        return {i: c for made in self.step.updates if made.optimizer for i, c in made.parameters.items()}

    @property
    def arrived(self) -> set[int]:
        """The parameters that a backward pass brought a gradient other than 0."""
        by_pass = [backward.received for backward in self.step.backwards]
        return {i for received in by_pass for i, g in received.items() if bool(dense(g).any())}

    def optimizer_of(self, index: int) -> Update | None:
        """The optimizer's step that had this parameter."""
        made = (one for one in self.step.updates if one.optimizer)
        return next((one for one in made if index in one.parameters or index in one.idle), None)

    @cached_property
    def makers(self) -> dict[int, Call]:
        """{number of a Value: the call that made it}, those off the path to the loss among them."""
        return {value.index: call for call in self.step.calls for value in call.outputs}

    def producer(self, value: Value | None) -> Call | None:
        """The call that made the value; None for data and parameters."""
        return None if value is None else self.notation.producer.get(value.index)

    def made_of(self, *values: Value, off_path: bool = False) -> set[Value]:
        """All that had a part in these values, they themselves among it; by calls off the path to the loss, too, where
        that is wanted."""
        makers = self.makers if off_path else self.notation.producer
        todo, found = list(values), set(values)
        while todo:
            made = makers.get(todo.pop().index)
            more = {value for value in made.values if value not in found} if made is not None else set()
            found |= more
            todo += more
        return found

    def origin(self, value: Value) -> Call | None:
        """The call that computed the value's numbers: those that only move them (a view, a squeeze) are passed over."""
        call = self.producer(value)
        while call is not None:
            found = [link for link in links(call) if isinstance(link.pattern, Gathered) or _passed_on(link)]
            if len(found) != 1 or found[0].value.numel != call.output.numel:
                return call
            call = self.producer(found[0].value)
        return None

    def loss_call(self) -> Call | None:
        """The call that compares a prediction with a target, if there is one."""
        return next((call for call in reversed(self.calls) if isinstance(call.arguments.get("target"), Value)), None)


def _passed_on(link: Link) -> bool:
    """Whether it is one number that stays as it is: a view of it, its mean."""
    alone = link.value.numel == 1 == len(link.call.values)
    return alone and isinstance(link.pattern, Aligned) and bool((link.pattern.partials == 1).all())


class Case:
    """A training as the checks see it: a run, or the part of it from step `start` to in front of `end`.

    losses    of every training step of it
    outcome   the facts of the loss curve (run/outcome.py)
    steps     recorded steps with at least one backward pass, in order: the first few, others evenly, the last
    """

    def __init__(self, history: History, start: int = 0, end: int | None = None) -> None:
        self.history = history
        self.start = start
        self.losses = list(history.losses[start:end])
        self.is_last = end is None

    @cached_property
    def outcome(self) -> Outcome:
        return outcome(self.losses)

    @cached_property
    def steps(self) -> list[Seen]:
        recorded = [index for index in self.history.steps if self.start <= index and (self.is_last or index < self.end)]
        rest = recorded[EARLY:]
        chosen = recorded[:EARLY] + [rest[round(i * (len(rest) - 1) / (SPREAD - 1))] for i in range(SPREAD) if rest]
        seen = (Seen.of(self.history.read(index)) for index in dict.fromkeys(chosen))
        return [one for one in seen if one.step.backwards]

    @cached_property
    def failure(self) -> Failure | None:
        raw = self.history.about.get("error")
        if not isinstance(raw, dict) or not self.is_last:
            return None
        kind, message, file, line = (raw.get(key) for key in ("type", "message", "file", "line"))
        at = Line(str(file or ""), line if isinstance(line, int) else 0)
        return Failure(str(kind), str(message), at, self.history.broken_off())

    @property
    def end(self) -> int:
        """The step after the last one."""
        return self.start + len(self.losses)

    @property
    def stuck(self) -> bool:
        """Whether the loss has not fallen by a tenth of where it began; of a loss below zero this cannot be said.

        Means over the last twentieth and the first BEGIN steps: the loss of one batch may be a tenth off.
        """
        if self.outcome.fell_to is None:
            return False
        began = fmean(self.losses[: min(BEGIN, max(1, len(self.losses) // WINDOW))])
        return not around(self.losses, len(self.losses)) < 0.9 * began

    @property
    def last(self) -> int:
        """The last recorded step looked at."""
        return self.steps[-1].index

    @property
    def seeks_inputs(self) -> bool:
        """Whether what is sought is no weight, but an input of a network that stays as it is: an attack, an image."""
        return bool(self.steps) and self.failure is None and all(map(_seeks_inputs, self.steps))

    @property
    def late(self) -> list[Seen]:
        """The second half of them: what has not passed with time."""
        return self.steps[len(self.steps) // 2 :]

    def calls(self) -> Iterator[tuple[Seen, Call]]:
        """Every call of every step looked at."""
        for seen in self.steps:
            for call in seen.calls:
                yield seen, call


def _seeks_inputs(seen: Seen) -> bool:
    sought = [seen.step.values[i] for one in seen.step.backwards for i in one.received]
    fixed = any(value.owned and value.kind == "data" for call in seen.calls for value in call.values)
    waited_for = any(update.idle for update in seen.step.updates)
    return fixed and not waited_for and not any(value.owned for value in sought)


def trainings(history: History) -> list[Case]:
    """The trainings of a run that came one after the other, each of weights of its own or in a loop of its own
    (watching/trainings.py); one where they take turns, or are too many."""
    spans: list[tuple[int, set[int]]] = []  # where it begins, and the numbers of what takes turns in it
    for begun in history.about.get("trainings", []):
        number = begun["training"]
        turns = next((place for place, (_, numbers) in enumerate(spans) if number in numbers), len(spans))
        start = spans[turns][0] if turns < len(spans) else begun["step"] if spans else 0
        spans[turns:] = [(start, {number}.union(*(numbers for _, numbers in spans[turns:])))]
    starts = [start for start, _ in spans]
    if not 1 < len(starts) <= MOST:
        return [Case(history)]
    return [Case(history, start, end) for start, end in zip(starts, [*starts[1:], None], strict=True)]


def same_numbers(first: Value, second: Value) -> bool:
    """Whether they hold the same numbers, in order, whatever their shapes and kinds."""
    a, b = first.tensor, second.tensor
    return (
        a is not None and b is not None and a.numel() == b.numel() and torch.equal(a.flatten(), b.flatten().to(a.dtype))
    )


def tells(value: Value) -> bool:
    """Whether two tensors with these numbers are hardly so by chance."""
    return value.tensor is not None and value.numel > 1 and bool((value.tensor != value.tensor.flatten()[0]).any())
