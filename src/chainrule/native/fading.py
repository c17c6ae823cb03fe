"""States that fade away end at 0 instead of among the subnormal numbers, where processors are slow.

Adam's mean of a gradient that has become 0, as behind a ReLU that no sample opens any more, is multiplied by 0.9 at
every step. After 830 steps it lies below the smallest normal number, and rounding keeps it at the smallest subnormal
one for good. What is set to 0 is below 1.2e-38 in float32 and 2.2e-308 in float64.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from chainrule.native.graph import Graph, reached
from chainrule.native.program import Program


def faded(program: Program, graph: Graph, dtype: DTypeLike) -> Program:
    """The program with this done to its states, NaN kept; `graph` is the one that its nodes are of.

    A state under a square root stays as it is: an optimizer divides by the root, and may have no ε beside it.
    """
    smallest = float(np.finfo(dtype).smallest_normal)
    roots = reached(node for node in program.nodes if node.op == "sqrt")
    writes = {
        leaf: graph("where", graph("gt", smallest, graph("abs", new)), 0.0, new)
        if leaf.op == "state" and new not in roots
        else new
        for leaf, new in program.writes.items()
    }
    return Program(program.loss, program.gradients, writes, program.scalars)
