"""Which results of a step need memory, and where each lies.

What is computed and read inside one kernel stays in registers. A new weight is written over the old one at once where
no later kernel reads the old one; else it is kept beside it until the end of the step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from chainrule.native.compiled import Task, argument
from chainrule.native.graph import Node
from chainrule.native.ir import Builder
from chainrule.native.schedule import Kernel, Schedule, lead, length
from chainrule.native.storage import Arena, Columns, Matrix, Panels, Plain, Rows, items, stride_of


@dataclass
class Places:
    """The memory of a step.

    rows, plain, panels, columns   where a node lies, by its layout (storage.py)
    turned                a second copy of weights, as matmul_t reads them
    partial               of the gradient of a convolution's weights: a vector for each of its numbers
    gathered              the rows of each step are named by `order`; else the data is the same at every step
    """

    task: Task
    schedule: Schedule
    b: Builder
    gathered: bool
    rows: dict[Node, Rows] = field(default_factory=dict)
    plain: dict[Node, Plain] = field(default_factory=dict)
    panels: dict[Node, Panels] = field(default_factory=dict)
    columns: dict[Node, Columns] = field(default_factory=dict)
    turned: dict[Node, Panels] = field(default_factory=dict)
    partial: dict[Node, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.arena = Arena(self.b.width)
        self.lay_out()

    @cached_property
    def innermost(self) -> Builder:
        """Of vectors of samples, no wider than the batch needs, but at least 16 bytes."""
        least = 128 // self.b.bits
        return self.b.of(min(self.b.width, max(least, 1 << (self.task.batch - 1).bit_length())))

    @cached_property
    def users(self) -> dict[Node, list[Node]]:
        found: dict[Node, list[Node]] = {node: [] for node in self.task.program.nodes}
        for node in self.task.program.nodes:
            for part in node.inputs:
                found[part].append(node)
        return found

    def readers(self, node: Node) -> set[Kernel]:
        """The kernels that read this node, also those that compute lazy nodes of it."""
        found: set[Kernel] = set()
        for user in self.users[node]:
            if user in self.schedule.lazy:
                found |= self.readers(user)
            elif user in self.schedule.kernel:
                found.add(self.schedule.kernel[user])
        return found

    @cached_property
    def weights(self) -> list[Node]:
        """The matrices that products read."""
        return list(dict.fromkeys(n.inputs[1] for n in self.task.program.nodes if n.op in ("matmul", "matmul_t")))

    @cached_property
    def in_place(self) -> dict[Node, list[Node]]:
        """For a new value: the leaves that may be overwritten at once, since no later kernel reads them."""
        found: dict[Node, list[Node]] = {}
        for leaf, node in self.task.program.writes.items():
            kernel = self.schedule.kernel.get(node)
            early = kernel and all(reader.number <= kernel.number for reader in self.readers(leaf))
            if kernel and kernel.kind in ("flat", "outer") and early:
                found.setdefault(node, []).append(leaf)
        return found

    @cached_property
    def stored(self) -> set[Node]:
        """Nodes that need memory: read by another kernel, by a product as its factor, or after the last kernel."""
        program, kernel = self.task.program, self.schedule.kernel
        found = {program.loss}
        if self.task.norms:
            found |= set(program.gradients.values())
        for leaf, node in program.writes.items():
            if leaf not in self.in_place.get(node, ()):
                found.add(node)
        for node in program.nodes:
            own = kernel.get(node)
            if own and (own.kind == "alone" or node.op in ("batch_sum", "conv2d_weight") or self.readers(node) - {own}):
                found.add(node)
            if node.op == "outer" and node not in self.schedule.panels:
                found.add(node)
        return found

    def direct(self, leaf: Node) -> bool:
        """Whether data can be read where the caller has it: number by number, the same rows at every step."""
        factors = all(
            (user.op == "matmul" and user.inputs[0] is leaf)
            or (user.op == "outer" and user.inputs[1] is leaf and user.inputs[0] is not leaf)
            for user in self.users[leaf]
        )
        return leaf.op == "data" and leaf.kind == "float" and not self.gathered and factors

    def lay_out(self) -> None:
        """Give every array its place."""
        b, item = self.b, self.b.bits // 8
        for node in self.task.program.nodes:
            if node in self.schedule.ahead or node.op in ("scalar", "constant") or node in self.schedule.lazy:
                continue
            if not node.is_leaf and node not in self.stored:
                continue
            if node in self.schedule.columns:
                lanes, numbers = self.innermost.width, items(node.shape)
                tiles = -(-self.task.batch // lanes)
                self.columns[node] = Columns(self.arena.take(tiles * numbers * lanes), numbers, lanes)
            elif node.over == "batch":
                count = self.task.batch * items(lead(node))
                if self.direct(node):
                    self.rows[node] = Rows(argument(self.task, node), 0, lead(node), length(node), length(node))
                    continue
                if node.is_leaf and all(user.op == "columns" for user in self.users[node]):
                    stride = stride_of(items(node.shape), b.width, item)
                    start = self.arena.take(self.task.batch * stride + b.width)
                    self.rows[node] = Rows("%scratch", start, (), items(node.shape), stride)
                    continue
                stride = stride_of(length(node), b.width, item)
                self.rows[node] = Rows(
                    "%scratch", self.arena.take(count * stride + b.width), lead(node), length(node), stride
                )
            elif node in self.schedule.panels:
                self.panels[node] = self.new_panels(node.shape)
            else:
                self.plain[node] = Plain(self.arena.take(items(node.shape) + b.width), items(node.shape))
        for node in self.task.program.nodes:
            if node.op == "outer" and node not in self.panels and node in self.stored:
                self.panels[node] = self.new_panels(node.shape)
        for node in self.task.program.nodes:
            if node.op == "conv2d_weight":
                self.partial[node] = self.arena.take(items(node.shape) * self.innermost.width)
        for node in self.weights:
            if node not in self.panels:
                self.panels[node] = self.new_panels(node.shape)
            if any(user.op == "matmul_t" and user.inputs[1] is node for user in self.users[node]):
                self.turned[node] = self.new_panels(node.shape[::-1])

    def new_panels(self, shape: tuple[int, ...]) -> Panels:
        outputs, inputs = shape
        size = Panels(0, inputs, outputs, self.b.width).size
        return Panels(self.arena.take(size), inputs, outputs, self.b.width)

    def in_order(self, node: Node) -> Matrix:
        """A matrix that lies in C order."""
        return Matrix("%scratch", self.plain[node].offset, node.shape[0], node.shape[1], self.b.width, in_panels=False)
