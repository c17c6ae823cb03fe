"""Images with their samples innermost: a program rewritten for panels.py.

What a convolution or a pool reads and writes lies in columns (storage.py): for each number of an image a vector of
samples. So every lane does the same, whatever the size of the kernel, and no patches are copied. Elementwise
operations, sums and moves of such results stay in columns. Where a program goes from one layout to the other there are
two operations that only this pass writes:

    columns(x; shape)   the numbers of x, in C order, as columns
    rows(x; shape)      back
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from chainrule.native.graph import ELEMENTWISE, Node, Pair, Shape
from chainrule.native.memory import Array
from chainrule.native.program import Program, validate

IMAGES = ("conv2d", "conv2d_input", "max_pool2d", "max_pool2d_input")
FOLLOW = (*ELEMENTWISE, "sum", "max", "permute", "slice", "concat", "broadcast", "pad")
NOWHERE = -1


def meetings(image: Shape, out: Shape, kernel: Shape, stride: Pair, padding: Pair, dilation: Pair) -> Array:
    """(meetings, 3): a place of the result, a place of the kernel and the place of the image that it meets there.

    Each numbered in C order inside its plane; what lies in the padding is left out. The shapes are (height, width).
    """
    outs, taps = np.indices(out).reshape(2, -1, 1), np.indices(kernel).reshape(2, 1, -1)
    down, across = (
        outs[axis] * stride[axis] - padding[axis] + taps[axis] * dilation[axis] for axis in (0, 1)
    )  # (places of the result, of the kernel)
    inside = (down >= 0) & (down < image[0]) & (across >= 0) & (across < image[1])
    result, tap = np.nonzero(inside)
    return np.stack([result, tap, (down * image[1] + across)[inside]], axis=1)


def windows(image: Shape, out: Shape, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair) -> Array:
    """(channels · windows, kernel): the places in the image (channels, height, width) of each window's numbers."""
    found = np.full((out[0] * out[1], kernel[0] * kernel[1]), NOWHERE)
    result, tap, place = meetings(image[1:], out, kernel, stride, padding, dilation).T
    found[result, tap] = place
    first = np.arange(image[0])[:, None, None] * (image[1] * image[2])
    return np.where(found == NOWHERE, NOWHERE, found + first).reshape(-1, found.shape[1])


@dataclass
class Rewriting:
    """The nodes of the new program so far, which of them lie in columns, and what became of the old ones."""

    nodes: list[Node] = field(default_factory=list)
    columns: set[Node] = field(default_factory=set)
    known: dict[Node, Node] = field(default_factory=dict)
    turned: dict[Node, Node] = field(default_factory=dict)

    def add(self, node: Node, in_columns: bool) -> Node:
        self.nodes.append(node)
        if in_columns:
            self.columns.add(node)
        return node

    def turn(self, node: Node, op: str, source: Node, shape: Shape, place: str) -> Node:
        if node not in self.turned:
            new = Node(len(self.nodes), op, (source,), shape, "batch", "float", (("shape", shape),), place)
            self.turned[node] = self.add(new, op == "columns")
        return self.turned[node]

    def as_columns(self, node: Node, place: str) -> Node:
        if node.over == "one" or node in self.columns:
            return node
        source = node.inputs[0] if node.op == "reshape" and node.inputs[0].over == "batch" else node
        return self.turn(node, "columns", source, node.shape, place)

    def as_rows(self, node: Node, place: str) -> Node:
        return self.turn(node, "rows", node, node.shape, place) if node in self.columns else node

    def copy(self, node: Node) -> Node:
        inputs = tuple(self.known[part] for part in node.inputs)
        already = any(part in self.columns for part in inputs)
        if node.op == "reshape" and already:
            new = Node(len(self.nodes), "rows", inputs, node.shape, "batch", "float", node.attributes, node.place)
            return self.add(new, False)
        innermost = node.op in IMAGES or (already and node.op in FOLLOW)
        read = node.op == "conv2d_weight" or (already and node.op == "batch_sum")  # over one, from columns
        turn = self.as_columns if innermost or read else self.as_rows
        inputs = tuple(turn(part, node.place) for part in inputs)
        return self.add(replace(node, index=len(self.nodes), inputs=inputs), innermost)


def samples_innermost(program: Program) -> tuple[Program, set[Node]]:
    """The program with its changes of layout, and the nodes that lie in columns. Raises ValueError."""
    if not any(node.op.startswith(("conv2d", "max_pool2d")) for node in program.nodes):
        return program, set()
    new = Rewriting()
    for node in program.nodes:
        new.known[node] = new.copy(node)
    now = new.known
    rewritten = Program(
        now[program.loss],
        {now[leaf]: now[node] for leaf, node in program.gradients.items()},
        {now[leaf]: now[node] for leaf, node in program.writes.items()},
        program.scalars,
    )
    return validate(rewritten), new.columns
