"""Which machine runs a training step."""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import DTypeLike

from chainrule.native.compiled import Task
from chainrule.native.graph import CannotLower
from chainrule.native.jit import available
from chainrule.native.lanes import LaneMachine
from chainrule.native.memory import Machine
from chainrule.native.panel_machine import WORTH_SHARING, PanelMachine, ThreadedPanelMachine, cores, work
from chainrule.native.program import Program

# Parameters. On eight nets of 3 to 193 parameters, batches of 4 to 600, panels took 1.0 to 2.6 times as long as lanes;
# on three of 257 to 337 0.6, 1.2 and 1.7 times, with a text that takes longer to compile.
MOST_FOR_LANES = 200

# Numbers of all patches that the convolutions of a step read. Two convolutions and pools on images from 8×8 to 28×28,
# batches from 6 to 32, one thread each: ours was 5 times as quick at 14,000 numbers, 1.7 at 55,000, 1.03 at 127,000,
# 0.89 at 169,000, 0.75 at 254,000 and 0.53 at 677,000. Dense nets need no such law: ours was ahead at every size, up to
# three layers of 4096 units, and batches of 60,000. (benchmarks/native.py crossover)
MOST_PATCHES = 140_000


def need_small_images(program: Program, batch: int) -> None:
    """Raises CannotLower where PyTorch's convolutions are as quick."""
    numbers = 0
    for node in program.nodes:
        if node.op == "conv2d":
            numbers += batch * prod(node.shape[1:]) * prod(node.inputs[1].shape[1:]) * node["groups"]
            if numbers > MOST_PATCHES:
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
    if not any_size:
        need_small_images(program, batch)
    if not available():
        raise CannotLower("llvmlite is not installed")
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
