"""One training step under the watch, outside of any run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch

from chainrule import step as data
from chainrule.breakdown import propagate, verify
from chainrule.errors import NothingRecorded
from chainrule.watching.pulse import Tape
from chainrule.watching.watcher import Watcher

Tensor = torch.Tensor


class OneStep:
    """The watcher's observer that keeps the one step.

    judged   whether our gradients are computed and compared with autograd's, each rule alone too where `alone`
    """

    def __init__(self, judged: bool = True, alone: bool = True) -> None:
        self.judged, self.alone = judged, alone
        self.kept: data.Step | None = None
        self.problems: list[str] = []

    def first(self) -> int:
        return 0

    def loss(self, index: int, value: float) -> int:
        return -1

    def stage(self, index: int) -> int:
        return -1

    def routine(self) -> tuple[Tape | None, float, float]:
        return None, math.nan, math.nan

    def checks(self, index: int) -> bool:
        return self.judged and self.alone

    def step(self, step: data.Step, seconds: float) -> None:
        if self.judged:
            propagate(step)
            verify(step)
        for made in step.updates:
            for change in made.parameters.values():
                change.after = None if change.after is None else change.after.clone()
        self.kept = step

    def broken_off(self, step: data.Step) -> None:
        return None

    def problem(self, text: str) -> None:
        self.problems.append(text)

    @property
    def result(self) -> data.Step:
        """Raises NothingRecorded."""
        if self.kept is None:
            raise NothingRecorded("; ".join(self.problems) or "the backward pass was not seen")
        return self.kept


def watched(
    train: Callable[[], None],
    observer: OneStep,
    optimizers: Iterable[torch.optim.Optimizer] | None = None,
    display_bytes: int | None = None,
) -> None:
    """Run one step, which calls backward and perhaps optimizer.step(), under the watch. Raises what the step raises."""
    watcher = Watcher(observer, optimizers, display_bytes)
    watcher.start()
    try:
        train()
    finally:
        watcher.stop()
