"""What watching costs: idle steps and recorded steps, as ratios to the same plain step, paired in one process.

    python benchmarks/overhead.py [--rounds 12] [xor mlp cnn transformer]

Every round times a plain block, a watched block and a plain block again; a ratio is the watched one over the mean of
the two, and what is printed is the median over the rounds. "A/A" is the second plain block over the first: what the
same measurement says where there is nothing to measure. One thread; CPU time of that thread.

idle       watched, step not recorded: what every step pays
computed   recorded: forward, partials, backward, update, agreement at parameters and update
checked    the same with every rule checked alone against autograd
written    computed, and written to the run's folder
"""

from __future__ import annotations

import argparse
import math
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from models import MODELS, Step

from chainrule import step as data
from chainrule.breakdown import propagate, verify
from chainrule.run.schedule import NEVER, Schedule
from chainrule.session import Session
from chainrule.watching.pulse import Tape
from chainrule.watching.watcher import Watcher


class InMemory:
    """Breaks every step down and keeps nothing."""

    def __init__(self, check: bool) -> None:
        self.check = check

    def first(self) -> int:
        return 0

    def loss(self, index: int, value: float) -> int:
        return index + 1

    def routine(self) -> tuple[Tape | None, float, float]:
        return None, math.nan, math.nan

    def checks(self, index: int) -> bool:
        return self.check

    def step(self, step: data.Step, seconds: float) -> None:
        propagate(step)
        verify(step)
        assert step.agreement is not None
        assert step.agreement.holds, step.agreement
        assert not step.problems, step.problems
        step.clear()

    def problem(self, text: str) -> None:
        raise RuntimeError(text)


@contextmanager
def watched_in_memory(check: bool) -> Iterator[None]:
    watcher = Watcher(InMemory(check))
    watcher.start()
    try:
        yield
    finally:
        watcher.stop()


@contextmanager
def watched(schedule: Schedule) -> Iterator[None]:
    folder = Path(tempfile.mkdtemp())
    session = Session(folder / "run", schedule, {}, "none")
    session.start()
    try:
        yield
    finally:
        session.stop("finished")
        shutil.rmtree(folder)


def seconds(step: Step, times: int) -> float:
    began = time.thread_time()
    for _ in range(times):
        step()
    return (time.thread_time() - began) / times


def ratio(step: Step, times: int, rounds: int, watching: Callable[[], object]) -> tuple[float, float, float, float]:
    """(watched / plain, A/A, plain seconds, watched seconds), medians over the rounds."""
    ratios, controls, plain, watched_times = [], [], [], []
    warm = max(times // 10, 1)
    for _ in range(rounds):
        seconds(step, warm)
        before = seconds(step, times)
        with watching():  # type: ignore[attr-defined]
            seconds(step, warm)
            during = seconds(step, times)
        seconds(step, warm)
        after = seconds(step, times)
        ratios.append(2 * during / (before + after))
        controls.append(after / before)
        plain.append(before)
        watched_times.append(during)
    return tuple(map(statistics.median, (ratios, controls, plain, watched_times)))  # type: ignore[return-value]


class Quiet(Schedule):
    """Records nothing, events neither: every step is idle."""

    def __init__(self) -> None:
        super().__init__(steps=[NEVER])
        self.low, self.high = -math.inf, math.inf

    def notice(self, index: int, loss: float) -> bool:
        return False


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("models", nargs="*", default=list(MODELS))
    options.add_argument("--rounds", type=int, default=12)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    kinds: dict[str, Callable[[], object]] = {
        "idle": lambda: watched(Quiet()),
        "computed": lambda: watched_in_memory(check=False),
        "checked": lambda: watched_in_memory(check=True),
        "written": lambda: watched(Schedule(every=1)),
    }
    print(f"torch {torch.__version__}, one thread, {chosen.rounds} rounds")
    print(f"{'model':12} {'':10} {'ratio':>8} {'A/A':>8} {'plain ms':>10} {'watched ms':>11}")
    for name in chosen.models:
        torch.manual_seed(0)
        make, times = MODELS[name]
        step = make()
        seconds(step, times)
        for kind, watching in kinds.items():
            block = times if kind == "idle" else max(times // 10, 2)
            found, control, plain, during = ratio(step, block, chosen.rounds, watching)
            times_ms = f"{plain * 1e3:10.3f} {during * 1e3:11.3f}"
            print(f"{name:12} {kind:10} {found:8.3f} {control:8.3f} {times_ms}", flush=True)


if __name__ == "__main__":
    main()
