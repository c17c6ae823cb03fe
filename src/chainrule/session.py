"""A training under watch: what the watcher sees goes through the breakdown into the run's folder."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal

from chainrule.breakdown import propagate, verify
from chainrule.run.ranks import rank_folder
from chainrule.run.schedule import Schedule
from chainrule.run.store import Recording
from chainrule.step import Step
from chainrule.watching.children import follow
from chainrule.watching.loaders import Loaders
from chainrule.watching.place import raised_at
from chainrule.watching.pulse import Tape
from chainrule.watching.watcher import Watcher

_LONGEST = 2000  # characters of an exception's message

Checks = Literal["first", "all", "none"]


class Session:
    """Watches from `start` to `stop`, and writes the run. It is the watcher's observer.

    path       the run's folder
    schedule   which steps are recorded
    about      what is watched; with "rank" and "ranks" where this process trains together with others
    check      in which recorded steps every rule is checked alone against autograd
    """

    def __init__(self, path: Path, schedule: Schedule, about: dict[str, Any], check: Checks = "first", **options: Any):
        rank = about.get("rank")
        place = path if rank is None else rank_folder(path, rank)
        self.recording = Recording(place.absolute(), about=about, on_thin=schedule.coarser, **options)
        self.schedule = schedule
        self._about = about
        self.check = check
        self.recorded = 0
        self._append = self.recording.loss
        self._event = ""
        self._wanted = 0
        self._spent = 0.0
        self._began = time.perf_counter()
        self._watcher = Watcher(self)
        self._loaders = Loaders(lambda: self._watcher.index)
        self._undo: list[Callable[[], None]] = []
        options.pop("overwrite", None)
        self._in_a_rank = partial(watch_rank, path.absolute(), copy.deepcopy(schedule), about, check, options)

    def start(self) -> None:
        if "rank" not in self._about:
            self._undo.append(follow(self._in_a_rank))
        self._undo.append(self._loaders.start())
        self._undo.append(self._watcher.restarts.start())
        self._watcher.start()

    def stop(self, ended: str, error: BaseException | None = None) -> None:
        """Write what is left; `ended` is "finished", "exception", of which `error` tells, or "interrupted"."""
        self._watcher.stop(broken_off=ended == "exception")
        while self._undo:
            self._undo.pop()()
        seconds = round(time.perf_counter() - self._began, 3)
        self.recording.close(
            ended,
            seconds=seconds,
            skipped=self.schedule.skipped,
            events=self.schedule.events,
            loaders=self._loaders.all(),
            restarts=self._watcher.restarts.all(),
            trainings=self._watcher.trainings.all(),
            **_told(error),
        )

    # ------------------------------------------------------------ the watcher's observer

    def first(self) -> int:
        self._wanted = self.schedule.next_after(-1)
        return self._wanted

    def loss(self, index: int, value: float) -> int:
        self._append(value)
        schedule = self.schedule
        if not schedule.low < value <= schedule.high and schedule.notice(index, value):
            self._event = schedule.events[index]
            return index + 1
        if index + 1 < self._wanted:
            return self._wanted
        return self._choose(index)

    def stage(self, index: int) -> int:
        self.schedule.begin_again(index)
        return self._choose(index - 1)

    def routine(self) -> tuple[Tape | None, float, float]:
        return self.recording.tape, self.schedule.low, self.schedule.high

    def _choose(self, index: int) -> int:
        """The next step to record, unless recording has already taken its share of the time."""
        self._wanted = self.schedule.next_after(index)
        if self._wanted == index + 1 and not self.schedule.allowed(self._spent, time.perf_counter() - self._began):
            self._wanted = self.schedule.next_after(index + 1)
        return self._wanted

    def checks(self, index: int) -> bool:
        return self.check == "all" or (self.check == "first" and self.recorded == 0)

    def step(self, step: Step, seconds: float) -> None:
        began = time.perf_counter()
        propagate(step)
        verify(step)
        self.recording.write(step, event=self._event or False)
        self._event = ""
        self.recorded += 1
        step.clear()
        self._spent += seconds + time.perf_counter() - began

    def broken_off(self, step: Step) -> None:
        self.recording.broken_off(step)
        step.clear()

    def problem(self, text: str) -> None:
        self.recording.problem(text)


def _told(error: BaseException | None) -> dict[str, Any]:
    """What run.json says of the exception that ended the script."""
    if error is None:
        return {}
    told: dict[str, Any] = {"type": type(error).__name__, "message": "", "file": "", "line": 0}
    with suppress(Exception):  # its __str__ is the user's
        told["message"] = str(error)[:_LONGEST]
        at = raised_at(error)
        told |= {"file": at.file, "line": at.line}
    return {"error": told}


def watch_rank(
    run: Path, schedule: Schedule, about: dict[str, Any], check: Checks, options: dict[str, Any], rank: int, ranks: int
) -> Callable[[str], None]:
    """In a child that joined others: record it beside them. Returns what ends the recording. Raises RunExists."""
    session = Session(run, schedule, about | {"rank": rank, "ranks": ranks}, check, **options)
    session.start()
    return session.stop
