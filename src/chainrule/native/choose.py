"""Which machine runs a training step."""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import DTypeLike

from chainrule.native import jit
from chainrule.native.compiled import Task
from chainrule.native.graph import CannotLower
from chainrule.native.lanes import LaneMachine
from chainrule.native.memory import Machine
from chainrule.native.panel_machine import (
    WORTH_SHARING,
    PanelMachine,
    ThreadedPanelMachine,
    cores,
    multiplications,
    work,
)
from chainrule.native.program import Program

# Parameters. On eight nets of 3 to 193 parameters, batches of 4 to 600, panels took 1.0 to 2.6 times as long as lanes;
# on three of 257 to 337 0.6, 1.2 and 1.7 times, with a text that takes longer to compile.
MOST_FOR_LANES = 200

# Convolutions, whose vectors hold samples, on one thread: ours was ahead of PyTorch wherever a third of the lanes had a
# sample, from 8.5 times (32 images 28×28, 8 and 16 channels) to 1.6 times (64 channels). With fewer it multiplies in
# vain: with 1 sample and 280,000 multiplications it was twice as quick, with 1,000,000 as quick; with 4 and 1,600,000
# 1.5 times as quick, with 5,600,000 as quick. Where weights fill half of the second cache (128 channels in and out) it
# was as quick, with 256 channels half as quick. Dense nets need no such law: ours was ahead at every size, up to three
# layers of 4096 units, and batches of 60,000. (benchmarks/native.py crossover)
FILLED = 3  # a vector takes as long as PyTorch for this part of its lanes
MOST_IN_VAIN = 3_600_000
MOST_WEIGHTS = 128 * 128 * 9 * 4  # bytes


def need_quick_convolutions(program: Program, batch: int, dtype: DTypeLike) -> None:
    """Raises CannotLower where PyTorch's convolutions are as quick."""
    lanes, item, total = jit.host().lanes(np.dtype(dtype).name), np.dtype(dtype).itemsize, 0
    vectors = -(-batch // lanes)
    for node in program.nodes:
        if node.op == "conv2d":
            total += multiplications(node)
            in_vain = total * (vectors * lanes // FILLED - batch)
            if in_vain > MOST_IN_VAIN or prod(node.inputs[1].shape) * item > MOST_WEIGHTS:
                raise CannotLower("PyTorch's convolution is as quick at this size", "F.conv2d", node.place)


def machine(
    program: Program,
    batch: int,
    dtype: DTypeLike,
    strict: bool = False,
    norms: bool = False,
    gathered: bool = False,
    any_size: bool = False,
) -> Machine:
    """The machine that suits the step, its code written; `gathered` where Memory.order will name the rows.

    Raises CannotLower, also where llvmlite is not installed, or, unless `any_size`, where PyTorch itself is as quick.
    """
    if not jit.available():
        raise CannotLower("llvmlite is not installed")
    if not any_size:
        need_quick_convolutions(program, batch, dtype)
    task = Task(program, batch, np.dtype(dtype).name, strict, norms)
    if sum(prod(leaf.shape) for leaf in program.leaves("parameter")) <= MOST_FOR_LANES:
        try:
            lanes = LaneMachine(task)
            lanes.code(gathered)
            return lanes
        except CannotLower:
            pass  # panels take every program
    shared = cores() > 1 and work(task) >= WORTH_SHARING
    found = ThreadedPanelMachine(task) if shared else PanelMachine(task)
    found.code(gathered)
    return found
