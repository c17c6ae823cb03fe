"""The machine of panels.py, with one thread or several."""

from __future__ import annotations

import os
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from math import prod

from chainrule.native import jit
from chainrule.native.compiled import Code, Task, aligned
from chainrule.native.graph import Node
from chainrule.native.ir import Target
from chainrule.native.memory import Array, Memory
from chainrule.native.panels import RANGE, Lowering

# Multiplications and additions of a step, 30 µs on one core with AVX-512: below it, trying two threads is not worth it.
WORTH_SHARING = 8_000_000
TIMED = 3  # the last runs with each number of threads, the shortest of which counts
AGAIN = (
    100  # after so many runs, some 3 s, the other way is tried once more: the processor may have become free or busy
)


@lru_cache(maxsize=64)
def written(task: Task, target: Target, gathered: bool, threads: int) -> tuple[str, int, Array]:
    """The text, how many numbers of scratch memory it needs, and the tables it starts with."""
    lowering = Lowering(task, target, gathered, threads)
    text = lowering.text()
    return text, lowering.places.arena.size + lowering.b.width, lowering.tables.array()


class PanelMachine:
    """A training step with its features in lanes. Raises CannotLower."""

    def __init__(self, task: Task, target: Target | None = None, threads: int = 1) -> None:
        self.task, self.target, self.threads = task, target or jit.host(), threads
        self.codes: dict[bool, Code] = {}
        self.pool = ThreadPoolExecutor(threads - 1) if threads > 1 else None

    def code(self, gathered: bool) -> Code:
        if gathered not in self.codes:
            with jit.undisturbed():
                text, size, table = written(self.task, self.target, gathered, self.threads)
                self.codes[gathered] = Code(self.task, text, aligned(size, self.task.dtype), table.copy(), len(RANGE))
        return self.codes[gathered]

    def run(self, memory: Memory, first: int, count: int) -> int:
        code = self.code(memory.order is not None)
        if self.pool is None:
            return code(memory, first, count, 0)
        others = [self.pool.submit(code, memory, first, count, thread) for thread in range(1, self.threads)]
        done = code(memory, first, count, 0)
        for other in others:
            other.result()
        return done

    def source(self) -> str:
        return "\n".join(code.text for code in self.codes.values()) or self.code(False).text


def work(task: Task) -> int:
    """Multiplications and additions in the products and convolutions of a step."""
    total = 0
    for node in task.program.nodes:
        if node.op in ("matmul", "matmul_t", "outer"):
            x, y = node.inputs
            total += prod(x.shape) * (y.shape[-1] if node.op != "matmul" else y.shape[0])
        elif node.op == "conv2d":
            total += multiplications(node)
        elif node.op in ("conv2d_input", "conv2d_weight"):
            weight = node.inputs[1] if node.op == "conv2d_input" else node
            total += prod(node.inputs[0].shape) * prod(weight.shape[1:])
    return 2 * task.batch * total


def multiplications(conv2d: Node) -> int:
    """Of a convolution, for one sample; those with the padding are counted, too."""
    return prod(conv2d.shape) * prod(conv2d.inputs[1].shape[1:])


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ThreadedPanelMachine:
    """One thread or two, whichever takes less time for a step: both are tried on the first runs, and now and then."""

    def __init__(self, task: Task) -> None:
        self.machines = [PanelMachine(task, threads=threads) for threads in (1, 2)]
        self.times: list[deque[float]] = [deque(maxlen=TIMED), deque(maxlen=TIMED)]
        self.runs = 0

    @property
    def chosen(self) -> PanelMachine:
        """For the next run. Until both were timed, the one that was timed less often."""
        one, two = self.times
        if len(two) < TIMED:
            return self.machines[len(one) > len(two)]
        quicker = min(two) < min(one)
        return self.machines[quicker if self.runs % AGAIN else not quicker]

    def code(self, gathered: bool) -> Code:
        return self.chosen.code(gathered)

    def run(self, memory: Memory, first: int, count: int) -> int:
        machine = self.chosen
        self.code(memory.order is not None)  # compiling is not timed
        start = time.perf_counter()
        done = machine.run(memory, first, count)
        self.times[machine.threads - 1].append((time.perf_counter() - start) / done)
        self.runs += 1
        return done

    def source(self) -> str:
        return self.chosen.source()
