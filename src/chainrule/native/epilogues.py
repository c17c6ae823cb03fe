"""What follows a product while its results are in registers: the operations of a kernel, vector by vector."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from chainrule.native.graph import Node
from chainrule.native.ir import Builder, Term, Value
from chainrule.native.placing import Places
from chainrule.native.products import Block
from chainrule.native.schedule import Kernel, Schedule, length
from chainrule.native.storage import items
from chainrule.native.unrolled import combined, elementwise

Values: TypeAlias = dict[tuple[Node, int], list[Value]]  # of the rows of a block: for each row its vectors


@dataclass
class Epilogues:
    """Writes the operations of kernels.

    known   numbers of shape () that are known at the start of a step, in every lane
    """

    b: Builder
    schedule: Schedule
    places: Places
    known: dict[Node, Value] = field(default_factory=dict)

    def number(self, node: Node) -> Value:
        """A number of shape () over one, in every lane."""
        if node in self.known:
            return self.known[node]
        return self.b.load_all(self.b.address("%scratch", self.places.plain[node].offset))

    def row_program(self, kernel: Kernel, block: Block) -> None:
        """Everything in a kernel for the rows and columns of one block."""
        values: Values = {}
        starts: dict[Node, Value] = {}
        for down in range(block.count):
            for node in kernel.nodes:
                if node.op == "batch_sum":
                    continue
                if block.values and node is kernel.root:
                    row = block.values[down]
                    # what has length 1 is the same in every lane
                    values[node, down] = (
                        row if length(node) > 1 else [self.b.shuffle(row[0], "poison", [0] * self.b.width)]
                    )
                else:
                    parts = [self.row_value(part, block, down, values, starts) for part in node.inputs]
                    values[node, down] = self.row_operation(node, parts, block)
                if node in self.places.stored:
                    self.store_row(node, block, down, values[node, down], starts)
        for node in kernel.nodes:
            if node.op == "batch_sum":
                rows = [self.row_value(node.inputs[0], block, down, values, starts) for down in range(block.count)]
                self.add_to_sum(node, rows, block)

    def row_start(self, node: Node, block: Block, starts: dict[Node, Value]) -> Value:
        """Where a node's numbers of the block's first row and column lie."""
        if node not in starts:
            b = self.b
            if node in self.places.plain:
                starts[node] = b.address("%scratch", self.places.plain[node].offset + block.group.start, block.column)
            else:
                ours = self.places.rows[node]
                columns: list[Term] = [block.group.start, block.column] if ours.length > 1 else []
                starts[node] = ours.row(b, block.row, 0, *columns)
        return starts[node]

    def row_value(self, node: Node, block: Block, down: int, values: Values, starts: dict[Node, Value]) -> list[Value]:
        """The vectors of a node in one row of a block: one of them, the same in every lane, where it has length 1."""
        b = self.b
        if (node, down) in values:
            return values[node, down]
        if node.over == "one" and items(node.shape) == 1:
            return [self.number(node)]
        start = self.row_start(node, block, starts)
        if node.over == "batch":
            ours = self.places.rows[node]
            start = b.address(start, down * ours.stride)
            if ours.length == 1:
                values[node, down] = [b.load_all(start)]
                return values[node, down]
        values[node, down] = [b.load(b.address(start, v * b.width)) for v in range(block.group.vectors)]
        return values[node, down]

    def row_operation(self, node: Node, parts: list[list[Value]], block: Block) -> list[Value]:
        b = self.b
        if node.op in ("sum", "max"):
            if length(node.inputs[0]) == 1:
                return parts[0]
            whole = [self.first_columns(node, x, v, block) for v, x in enumerate(parts[0])]
            if node.op == "sum":
                return [b.splat(b.total(combined(b, "add", whole)))]
            return [self.largest(combined(b, "maximum", whole))]
        if node.op == "one_hot":
            columns = [b.constants([v * b.width + lane for lane in range(b.width)]) for v in range(block.group.vectors)]
            same = [b.compare("oeq", parts[0][0], column) for column in columns]
            return [b.select(truth, b.constant(1), b.constant(0)) for truth in same]
        count = max(map(len, parts)) if length(node) > 1 else 1
        spread = [part * count if len(part) == 1 else part for part in parts]
        return [elementwise(b, node, *(part[v] for part in spread)) for v in range(count)]

    def first_columns(self, node: Node, x: Value, vector: int, block: Block) -> Value:
        """Without the lanes past the end of the row."""
        b, size = self.b, length(node.inputs[0])
        inside = size - block.group.start - vector * b.width
        if inside >= b.width:
            return x
        return b.select(b.first_lanes(inside), x, b.constant(0 if node.op == "sum" else -np.inf))

    def largest(self, x: Value) -> Value:
        """The largest lane in every lane; NaN where there is one."""
        b, distance = self.b, self.b.width // 2
        while distance:
            turned = b.shuffle(x, "poison", [lane ^ distance for lane in range(b.width)])
            x = combined(b, "maximum", [x, turned])
            distance //= 2
        return x

    def store_row(self, node: Node, block: Block, down: int, vectors: list[Value], starts: dict[Node, Value]) -> None:
        b, ours = self.b, self.places.rows[node]
        start = b.address(self.row_start(node, block, starts), down * ours.stride)
        if ours.length == 1:
            b.of(1).store(b.lane(vectors[0], 0), start)
            return
        for v, vector in enumerate(vectors):
            b.store(vector, b.address(start, v * b.width))

    def add_to_sum(self, node: Node, rows: list[list[Value]], block: Block) -> None:
        """Add the rows of a block to a sum over samples."""
        b, ours = self.b, self.places.plain[node]
        columns: list[Term] = [] if ours.size == 1 else [block.group.start, block.column]
        for v in range(len(rows[0])):
            at = b.address("%scratch", ours.offset + v * b.width, *columns)
            new = [row[v] for row in rows]
            if b.strict:
                b.store(combined(b, "add", [b.load(at), *new]), at)
            else:
                b.store(b.add(b.load(at), combined(b, "add", new)), at)

    def flat_program(
        self, kernel: Kernel, place: list[Term], values: dict[Node, Value], starts: dict[Node, Value]
    ) -> None:
        """Everything in a kernel over one for one vector; whatever is overwritten was read before.

        place   of the vector in its array; the first of its terms is a Python int, the others are those of `starts`
        """
        b, shape = self.b, kernel.nodes[-1].shape
        fixed, *moving = place
        in_panels = kernel.kind == "outer" or kernel.root in self.schedule.panels

        def at(node: Node) -> Value:
            if node not in starts:
                layout = (self.places.panels if in_panels else self.places.plain)[node]
                starts[node] = b.address("%scratch", layout.offset, *moving)
            return b.address(starts[node], fixed)

        def found(node: Node) -> Value:
            if node not in values:
                if node in self.known or node.shape != shape:
                    return self.number(node)
                if node in self.schedule.lazy or self.schedule.kernel.get(node) is kernel:
                    values[node] = elementwise(b, node, *map(found, node.inputs))
                else:
                    values[node] = b.load(at(node))
            return values[node]

        results = {node: found(node) for node in kernel.nodes}
        for node, value in results.items():
            if node in self.places.stored:
                b.store(value, at(node))
            for leaf in self.places.in_place.get(node, ()):
                b.store(value, at(leaf))
