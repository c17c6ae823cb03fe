"""A bar for work that takes long."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress

BAR_AFTER = 1.0  # seconds; shorter work needs no bar


@contextmanager
def progress_bar(total: int, wanted: bool | None) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, for work that takes long, on a terminal. `wanted` False: none; None: only on a terminal."""
    if wanted is False or (wanted is None and not sys.stderr.isatty()):
        yield lambda step: None
        return
    began = time.perf_counter()
    bar = Progress(console=Console(stderr=True), transient=wanted is None)
    task = bar.add_task("training", total=total)
    started = False

    def show(step: int) -> None:
        nonlocal started
        if not started and time.perf_counter() - began > BAR_AFTER:
            bar.start()
            started = True
        if started:
            bar.update(task, completed=step)

    try:
        yield show
    finally:
        if started:
            bar.stop()
