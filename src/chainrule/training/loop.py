"""Trains an ordinary PyTorch model with its own loss and optimizer in one native loop, and records it as a run.

The first step is made by PyTorch itself: it raises PyTorch's own errors for bad input, and sets up the optimizer's
state. Then the step is captured on two batches, made native, and run a window of steps at a time. Recorded steps are
made once more by PyTorch under the watch, from the weights of that step, and taken back. What has no native form
trains in PyTorch, and the run says why.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.parameter import is_lazy

from chainrule.errors import BadOption
from chainrule.native.choose import machine
from chainrule.native.clock import Clock, Mark
from chainrule.native.graph import CannotLower
from chainrule.native.job import Job, prepare
from chainrule.native.memory import Array
from chainrule.run.schedule import NEVER, Schedule
from chainrule.run.store import Recording
from chainrule.run.trained import write_norms, write_source
from chainrule.training.kept import Kept
from chainrule.training.one_step import OneStep, watched
from chainrule.training.parts import Parts
from chainrule.training.progress import progress_bar
from chainrule.training.settings import Inputs, Settings, checked

Tensor = torch.Tensor

WINDOW_SECONDS = 0.03  # Ctrl-C and the progress bar wait for the end of a window; what a window costs is 1/1000 of it
FIRST_WINDOW = 64
LARGEST_WINDOW = 1 << 16  # steps; bounds the tables of a window
WINDOW_BYTES = 1 << 26  # of dropout masks and rows


# ---------------------------------------------------------------- the training


@dataclass
class Training:
    """One call of `train`."""

    parts: Parts
    clock: Clock
    settings: Settings
    recording: Recording
    schedule: Schedule
    reason: CannotLower | None = None
    stopped: str = ""
    interrupted: bool = False
    norms: list[Array] = field(default_factory=list)
    _job: Job | None = None
    _spent: float = 0.0
    _began: float = field(default_factory=time.perf_counter)
    _recorded: int = 0

    # ------------------------------------------------------------ one step in PyTorch

    def recorded_step(self, rows: Array | None) -> float:
        """The same step under the watch, written into the run."""
        began = time.perf_counter()
        observer = OneStep(alone=self._recorded == 0)
        losses: list[float] = []
        watched(lambda: losses.append(self.parts.eager_step(rows)), observer, [self.parts.optimizer])
        for problem in observer.problems:
            self.recording.problem(problem)
        if observer.kept is not None:
            observer.kept.index = self.clock.step
            self.recording.write(observer.kept)
            observer.kept.clear()
        self._recorded += 1
        self._spent += time.perf_counter() - began
        return losses[0]

    def _kept(self) -> Kept:
        """Everything as it is now."""
        parts = self.parts
        return Kept([*parts.parameters.values(), *parts.buffers], parts.optimizer, self.clock, parts.modules)

    def wanted(self) -> bool:
        """Whether the next step is to be recorded."""
        step = self.clock.step
        return self.schedule.wants(step) and self.schedule.allowed(self._spent, time.perf_counter() - self._began)

    # ------------------------------------------------------------ running

    def run(self) -> str:
        """Train; returns how it ended. Raises what PyTorch raises, with everything put back."""
        before = self._kept()
        try:
            try:
                self._first_step()
            except KeyboardInterrupt:
                if self.clock.step == 0:
                    raise
                self.interrupted = True  # while it was made native: one step was made
            self._the_rest()
        except KeyboardInterrupt:
            if self.clock.step == 0:
                before.restore()
            raise
        except BaseException:
            before.restore()
            raise
        return "interrupted" if self.interrupted else "finished"

    def _first_step(self) -> None:
        self.clock.begin()
        rows = self.clock.rows()
        buffers = [(buffer, buffer.clone()) for buffer in self.parts.buffers]
        random = torch.get_rng_state()
        self._log(self.recorded_step(rows) if self.wanted() else self.parts.eager_step(rows))
        if not torch.equal(random, torch.get_rng_state()):
            self.clock.draws = True
        self.clock.advance()
        try:
            if any(not torch.equal(buffer, value) for buffer, value in buffers):
                raise CannotLower("a forward pass changes a buffer of the model")
            if self.clock.step < self.clock.total:
                self._job = self._prepared(rows)
            else:
                raise CannotLower("there was only one step")
        except CannotLower as error:
            self.reason, self._job = error, None

    def _prepared(self, rows: Array | None) -> Job:
        try:
            return prepare(
                self.parts.captures(rows),
                self.parts.whole,
                self.parts.parameters,
                self.parts.optimizer,
                machine,
                self.settings.strict,
                self.settings.norms,
                self.clock.order.gathered,
            )
        except CannotLower:
            raise
        except Exception as error:  # of the user's code, which may not bear data that requires grad
            raise CannotLower(f"capturing failed: {type(error).__name__}: {error}") from error

    def _the_rest(self) -> None:
        limit = FIRST_WINDOW
        with self._interruptible(), progress_bar(self.clock.total, self.settings.progress) as show:
            while self.clock.step < self.clock.total and not self.stopped and not self.interrupted:
                self.clock.begin()
                if self._job is None:
                    rows = self.clock.rows()
                    self._log(self.recorded_step(rows) if self.wanted() else self.parts.eager_step(rows))
                    self.clock.advance()
                else:
                    limit = self._native_window(self._job, limit)
                show(self.clock.step)
        if self._job is not None:
            self.parts.optimizer.zero_grad()

    def _native_window(self, job: Job, limit: int) -> int:
        """Record the next step if it is wanted, and train a window; the number of steps that suits the next one."""
        if self.wanted():
            self._record_aside(job)
        began = time.perf_counter()
        here = self.clock.mark()
        try:
            made = self._native(job, min(limit, self._most_steps(job)), here)
        except CannotLower as error:  # only what stands before the first step of a machine raises it
            self.clock.rewind(here)
            self.reason, self._job = error, None
            return limit
        return int(min(max(WINDOW_SECONDS * made / (time.perf_counter() - began), 1), LARGEST_WINDOW))

    def _native(self, job: Job, limit: int, here: Mark) -> int:
        """A window of steps up to the next one to be recorded; how many were made."""
        upcoming = self.schedule.next_after(self.clock.step)
        limit = limit if upcoming == NEVER else min(limit, upcoming - self.clock.step)
        window = self.clock.window(limit, job.captured.masks, job.captured.dtype)
        losses, norms = job.run(window)
        made = len(losses)
        if made < window.steps:
            self.clock.rewind(here)
            self.clock.window(made, job.captured.masks, job.captured.dtype)
        if self.recording.tape is not None:
            self.recording.tape.extend(array("d", losses.tobytes()))
        if norms is not None:
            self.norms.append(norms)
        self._look(float(losses[-1]), self.clock.step - 1)
        return made

    def _record_aside(self, job: Job) -> None:
        """Make the next step in PyTorch under the watch, and take it back."""
        kept = self._kept()
        self.recorded_step(self.clock.rows())
        kept.restore()

    def _most_steps(self, job: Job) -> int:
        """What a window may hold of masks and rows."""
        size = self.clock.order.sizes[0]
        numbers = sum(int(np.prod(shape)) for shape, _ in job.captured.masks.values()) + 1
        return max(1, WINDOW_BYTES // (8 * size * numbers))

    def _log(self, loss: float) -> None:
        """The loss of the next step, which PyTorch has made."""
        self.recording.loss(loss)
        self._look(loss, self.clock.step)

    def _look(self, loss: float, step: int) -> None:
        if not np.isfinite(loss):
            self.stopped = f"the loss became {loss} at step {step}"
            self.schedule.events[step] = self.stopped

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Ctrl-C ends the training after the window in flight; a second one raises KeyboardInterrupt at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def note(number: int, frame: Any) -> None:
            if self.interrupted:
                raise KeyboardInterrupt
            self.interrupted = True

        before = signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    @property
    def about(self) -> dict[str, Any]:
        """What the run says about how it was trained."""
        found: dict[str, Any] = {"stopped": self.stopped} if self.stopped else {}
        if self._job is None and self.reason is not None:
            reason = self.reason
            return found | {
                "native": {"by": "PyTorch", "reason": reason.reason, "function": reason.function, "place": reason.place}
            }
        job = self._job
        machines = (
            {type(made).__name__.removesuffix("Machine").lower() for made in job.machines.values()} if job else set()
        )
        return found | {"native": {"by": ", ".join(sorted(machines))}}

    def write_more(self, path: Path) -> None:
        """What a run holds only where it was trained natively: the code, and the norms."""
        if self._job is None:
            return
        machines = self._job.machines.items()
        write_source(path, "\n\n".join(f"; batches of {size}\n{made.source()}" for size, made in machines))
        if self.norms:
            names = [leaf["name"] for leaf in next(iter(self._job.programs.values())).gradients]
            write_norms(path, dict(zip(names, np.concatenate(self.norms).T, strict=True)))


# ---------------------------------------------------------------- the call


def train_into(
    path: Path,
    model: Callable[..., Tensor],
    loss_fn: Callable[..., Tensor],
    optimizer: torch.optim.Optimizer,
    X: Inputs,
    y: Tensor,
    settings: Settings,
    schedule: Schedule,
    **options: Any,
) -> None:
    """Train and write the run at `path`; `options` are those of run.store.Recording. See natively.train."""
    inputs, order = checked(X, y, settings)
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise BadOption("optimizer", type(optimizer).__name__, "wanted: one of torch.optim")
    for owner in (model, loss_fn):
        lazy = isinstance(owner, nn.Module) and any(map(is_lazy, owner.parameters()))
        if lazy:
            raise BadOption("model", "one with lazy parameters", "wanted: call it once, before the optimizer is made")
    clock = Clock(order, settings.epochs, optimizer, settings.scheduler)
    about: dict[str, Any] = {"script": sys.argv[0] if sys.argv else "", "command": list(sys.argv)}
    recording = Recording(path, about=about, on_thin=schedule.coarser, **options)
    parts = Parts(model, loss_fn, optimizer, inputs, y, order)
    training = Training(parts, clock, settings, recording, schedule)
    ended = "exception"
    try:
        ended = training.run()
        try:
            training.write_more(path)
        except OSError as error:  # the training itself is done
            recording.problem(f"its code and norms were not written: {error.strerror or error}")
    except KeyboardInterrupt:
        ended = "interrupted"
        raise
    finally:
        recording.close(ended, skipped=schedule.skipped, events=schedule.events, **training.about)
