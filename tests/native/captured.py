"""The job of a small training, for tests of what runs it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from chainrule.native.clock import Clock
from chainrule.native.job import Job
from chainrule.run.schedule import Schedule
from chainrule.run.store import Recording
from chainrule.training.loop import Training
from chainrule.training.parts import Parts
from chainrule.training.settings import Settings, checked


def job_of(model: Any, loss_fn: Any, optimizer: Any, X: Any, y: Any, **settings: Any) -> tuple[Job, Training]:
    """The job after the first step, and its training, whose clock stands at step 1. Raises CannotLower."""
    chosen = Settings(epochs=settings.pop("epochs", 1000), **settings)
    inputs, order = checked(X, y, chosen)
    clock = Clock(order, chosen.epochs, optimizer, chosen.scheduler)
    with TemporaryDirectory() as folder:
        recording = Recording(Path(folder) / "run", about={})
        parts = Parts(model, loss_fn, optimizer, inputs, y, order)
        made = Training(parts, clock, chosen, recording, Schedule(steps=[]))
        made._first_step()
        recording.close("finished")
    if made.reason is not None:
        raise made.reason
    assert made._job is not None
    return made._job, made
