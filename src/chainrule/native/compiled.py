"""What every compiled training step takes: pointers to the leaves' arrays and to what changes from step to step.

i64 run(leaf0, leaf1, …, order, scalars, losses, norms, scratch, tables, first, count)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.native import jit
from chainrule.native.graph import Node
from chainrule.native.ir import Builder, Index, Loop, Value
from chainrule.native.memory import Array, Memory
from chainrule.native.program import Program

CACHE_LINE = 64
OTHERS = ("order", "scalars", "losses", "norms", "scratch", "tables")


@dataclass(frozen=True)
class Task:
    """What a lowering is asked for."""

    program: Program
    batch: int
    dtype: str
    strict: bool = False
    norms: bool = False

    @cached_property
    def stored(self) -> list[Node]:
        """The leaves that have an array, in the order of the compiled function's pointers."""
        return [n for n in self.program.nodes if n.op in ("data", "mask", "parameter", "state", "tensor")]

    def arrays(self, memory: Memory) -> list[Array]:
        return [(memory.masks if n.op == "mask" else memory.arrays)[n["name"]] for n in self.stored]


def argument(task: Task, leaf: Node) -> Value:
    return f"%leaf{task.stored.index(leaf)}"


def module(task: Task, b: Builder, integers: Sequence[str] = ("first", "count")) -> str:
    """The finished module. No two of its pointers overlap."""
    pointers = [f"ptr noalias %leaf{i}" for i in range(len(task.stored))] + [f"ptr noalias %{name}" for name in OTHERS]
    return b.module(jit.NAME, [*pointers, *(f"i64 %{name}" for name in integers)])


def scalar(task: Task, b: Builder, leaf: Node, row: Index) -> Value:
    """The step's number of a scalar leaf, in every lane."""
    column = [s.name for s in task.program.scalars].index(leaf["name"])
    place = b.address("%scalars", (row, len(task.program.scalars)), column, element="double")
    number = b.value(f"load double, ptr {place}, align 8")
    return b.splat(number if b.bits == 64 else b.cast("fptrunc", number, "double", "float"))


def record(b: Builder, number: Value, pointer: Value) -> None:
    """Store a plain number as float64."""
    wide = number if b.bits == 64 else b.cast("fpext", number, "float", "double")
    b.write(f"store double {wide}, ptr {pointer}, align 8")


def record_loss(b: Builder, loss: Value, row: Index, steps: Loop) -> None:
    """Store the loss of this step; the loop ends after it if it is infinite or NaN."""
    plain = b.of(1)
    record(plain, loss, b.address("%losses", row, element="double"))
    steps.stop_unless(plain.compare("olt", plain.math("fabs", loss), plain.constant(np.inf)))


def address_of(array: Array | None) -> int:
    return 0 if array is None else int(array.__array_interface__["data"][0])  # quicker than array.ctypes.data


def aligned(count: int, dtype: str) -> Array:
    """Zeros that start at a cache line."""
    size = count * np.dtype(dtype).itemsize
    room = np.zeros(size + CACHE_LINE, np.uint8)
    start = -address_of(room) % CACHE_LINE
    return room[start : start + size].view(dtype)


@dataclass
class Code:
    """A compiled step, its scratch memory, and the places in memory (int64) that its moves read."""

    task: Task
    text: str
    scratch: Array | None = None
    tables: Array | None = None
    integers: int = 2

    def __post_init__(self) -> None:
        self.last: tuple[Memory | None, list[int]] = None, []  # short stretches are many calls for one memory
        self.function: Any = jit.function(self.text, len(self.task.stored) + len(OTHERS), self.integers)

    def __call__(self, memory: Memory, *integers: int) -> int:
        known, pointers = self.last
        if memory is not known:
            others = (memory.order, memory.scalars, memory.losses, memory.norms, self.scratch, self.tables)
            pointers = list(map(address_of, (*self.task.arrays(memory), *others)))
            self.last = memory, pointers
        done: int = self.function(*pointers, *integers)
        return done
