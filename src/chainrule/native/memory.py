"""What a prepared training step works on: the arrays of a window of steps, and the machine that runs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]


@dataclass(slots=True)
class Memory:
    """The numbers of a window of steps; `steps` is its length, and the row of a step counts from the window's start.

    Its arrays are written to, but none is replaced by another.

    arrays    {leaf name: numbers}. parameter, state and tensor leaves: C-contiguous, of the leaf's shape, in the job's
              dtype (float32 or float64). data leaves: (rows, *shape), the same dtype, or int64 for indices
    order     (steps, batch) int64: the rows of the data in each step; None: all rows in order at every step
    scalars   (steps, number of the program's scalars) float64
    masks     {leaf name: (steps, batch, *shape)} in the job's dtype
    losses    (steps,) float64, written by the machine
    norms     (steps, number of the program's gradients) float64, written by the machine where they were asked for:
              the Euclidean norm of each gradient
    """

    arrays: dict[str, Array]
    scalars: Array
    losses: Array
    order: Array | None = None
    masks: dict[str, Array] = field(default_factory=dict)
    norms: Array | None = None


class Machine(Protocol):
    """A training step made ready for one program, batch size and dtype."""

    def run(self, memory: Memory, first: int, count: int) -> int:
        """Train the steps first, …, first + count − 1 of the window; returns how many were made.

        Parameters and states are read from memory's arrays, and written back into the same arrays before it returns.
        It stops after the first step whose loss is not finite: that step counts, and its update was made, as by
        PyTorch.
        """

    def source(self) -> str:
        """The code that runs, for a reader."""
