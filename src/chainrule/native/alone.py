"""Operations one by one, number by number: moves, sums over any axes, broadcasting of any kind, gathers.

Slower than the kernels of panels.py, and right for every shape: where each number comes from is computed here, by
NumPy on arrays of places, and read by the compiled code from a table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod

import numpy as np

from chainrule.native.compiled import Task
from chainrule.native.copies import copy_numbers
from chainrule.native.graph import ELEMENTWISE, CannotLower, Node
from chainrule.native.images import NOWHERE
from chainrule.native.ir import Builder, Index, Value
from chainrule.native.maths import ELEMENTWISE as EMIT
from chainrule.native.memory import Array
from chainrule.native.moves import MOVES, moved
from chainrule.native.storage import Matrix, Plain, Rows
from chainrule.native.team import BARRIER, Team
from chainrule.native.transpose import transpose
from chainrule.native.unrolled import elementwise


def run_length(found: Array, target: Array) -> int:
    """Into runs of how many numbers both can be cut, so that each run is contiguous in both."""
    breaks = np.flatnonzero((np.diff(found) != 1) | (np.diff(target) != 1)) + 1
    return int(np.gcd.reduce([*breaks, len(found)]))


@dataclass
class Alone:
    """Writes one operation after the other.

    number   a value over one and of shape (), in every lane
    places   the numbers of the tables so far
    """

    task: Task
    vectors: Builder
    rows: dict[Node, Rows]
    plain: dict[Node, Plain]
    number: Callable[[Node], Value]
    places: list[Array] = field(default_factory=list)

    @property
    def b(self) -> Builder:
        return self.vectors.of(1)

    def table(self) -> Array:
        return np.concatenate([np.zeros(BARRIER, np.int64), *self.places])

    def entries(self, places: Array) -> int:
        """Keep a table; where it starts."""
        start = BARRIER + sum(map(len, self.places))
        self.places.append(np.ascontiguousarray(places, np.int64).reshape(-1))
        return start

    def entry(self, start: int, index: Index) -> Index:
        return self.b.load_index(self.b.address("%tables", start, index, element="i64"))

    # ---------------------------------------------------------------- where the numbers of a node lie

    def layout(self, node: Node) -> Array:
        """For each number of a sample: its place, counted from where the sample starts."""
        if node in self.plain:
            return np.arange(prod(node.shape)).reshape(node.shape)
        ours = self.rows[node]
        first = np.arange(prod(ours.lead)).reshape(*ours.lead, 1) * ours.stride
        return (first + np.arange(ours.length)).reshape(node.shape)

    def at(self, node: Node, sample: Index, *places: Index) -> Value:
        if node in self.plain:
            return self.b.address("%scratch", self.plain[node].offset, *places)
        ours = self.rows[node]
        return ours.at(self.b, (sample, prod(ours.lead) * ours.stride), *places)

    def samples(self, node: Node) -> int:
        return self.task.batch if node.over == "batch" else 1

    # ---------------------------------------------------------------- operations

    def write(self, node: Node) -> None:
        if node.op in MOVES:
            self.move(node)
        elif node.op in ELEMENTWISE:
            self.broadcasting(node)
        elif node.op in ("sum", "max"):
            self.reduction(node)
        elif node.op == "batch_sum":
            self.batch_sum(node)
        elif node.op == "take_rows":
            self.take_rows(node)
        elif node.op == "add_rows":
            self.add_rows(node)
        elif node.op == "one_hot":
            self.one_hot(node)
        elif node.op in ("pick", "pick_sum"):
            self.pick(node)
        elif node.op in ("window_max", "window_max_input"):
            self.windows(node)
        else:
            raise CannotLower("it is not lowered", node.op, node.place)

    def move(self, node: Node) -> None:
        if node.op == "permute" and node["axes"] == (1, 0):
            self.turn(node)
            return
        target = self.layout(node).reshape(-1)
        sources = [self.layout(part) for part in node.inputs]
        if node.op == "pad":
            self.fill(node, 0.0)
        for chosen, part in enumerate(node.inputs):
            hidden = [places if i == chosen else np.full_like(places, NOWHERE) for i, places in enumerate(sources)]
            self.copy(part, node, moved(node, hidden, NOWHERE).reshape(-1), target)

    def copy(self, x: Node, node: Node, found: Array, target: Array) -> None:
        """The number at found[j] to target[j], where it is not NOWHERE; numbers that stay side by side go together."""
        known = found != NOWHERE
        found, target = found[known], target[known]
        if not len(found):
            return
        together = run_length(found, target)
        read, write = self.entries(found[::together]), self.entries(target[::together])
        with self.b.loop(self.samples(node)) as samples, self.b.loop(len(found) // together) as runs:
            source = self.at(x, samples.index, self.entry(read, runs.index))
            copy_numbers(self.vectors, source, self.at(node, samples.index, self.entry(write, runs.index)), together)

    def turn(self, node: Node) -> None:
        """The transpose of a matrix, in blocks of registers."""
        x, lanes = node.inputs[0], self.vectors.width
        rows, columns = x.shape

        def stride(part: Node) -> int:
            return self.rows[part].stride if part in self.rows else part.shape[1]

        with self.b.loop(self.samples(node)) as samples:
            source = Matrix(self.at(x, samples.index), 0, rows, columns, lanes, False, stride(x))
            target = Matrix(self.at(node, samples.index), 0, columns, rows, lanes, False, stride(node))
            transpose(self.vectors, source, target, Team(self.vectors))

    def fill(self, node: Node, number: float) -> None:
        b, write = self.b, self.entries(self.layout(node))
        with b.loop(self.samples(node)) as samples, b.loop(prod(node.shape)) as numbers:
            b.store(b.literal(number), self.at(node, samples.index, self.entry(write, numbers.index)))

    def broadcasting(self, node: Node) -> None:
        b, write = self.b, self.entries(self.layout(node))
        read = [
            self.entries(np.broadcast_to(self.layout(part), node.shape)) if self.in_memory(part) else 0
            for part in node.inputs
        ]
        with b.loop(self.samples(node)) as samples, b.loop(prod(node.shape)) as numbers:
            operands = [
                b.load(self.at(part, samples.index, self.entry(start, numbers.index)))
                if self.in_memory(part)
                else self.vectors.lane(self.number(part), 0)
                for part, start in zip(node.inputs, read, strict=True)
            ]
            value = elementwise(b, node, *operands)
            b.store(value, self.at(node, samples.index, self.entry(write, numbers.index)))

    def in_memory(self, node: Node) -> bool:
        return node in self.rows or node in self.plain

    def reduction(self, node: Node) -> None:
        """The places of the numbers of one sum are the same for all sums, counted from its first."""
        b, x = self.b, node.inputs[0]
        axes = node["axes"]
        kept = [axis for axis in range(len(x.shape)) if axis not in axes]
        places = self.layout(x).transpose(*kept, *axes).reshape(prod(node.shape), -1)
        first, others = self.entries(places[:, 0]), self.entries(places[0] - places[0, 0])
        write = self.entries(self.layout(node))
        start, combine = ("0.0", "add") if node.op == "sum" else (b.literal(-np.inf), "maximum")
        with b.loop(self.samples(node)) as samples, b.loop(prod(node.shape)) as numbers:
            origin = self.entry(first, numbers.index)
            with b.loop(places.shape[1]) as terms:
                total = terms.carry(b, start)
                number = b.load(self.at(x, samples.index, origin, self.entry(others, terms.index)))
                new = EMIT[combine](b, total, number)
                terms.pass_on(total, new)
            b.store(new, self.at(node, samples.index, self.entry(write, numbers.index)))

    def batch_sum(self, node: Node) -> None:
        b, x = self.b, node.inputs[0]
        read, write = self.entries(self.layout(x)), self.entries(self.layout(node))
        with b.loop(prod(node.shape)) as numbers:
            place = self.entry(read, numbers.index)
            with b.loop(self.task.batch) as samples:
                total = samples.carry(b, b.literal(0))
                new = b.add(total, b.load(self.at(x, samples.index, place)))
                samples.pass_on(total, new)
            b.store(new, self.at(node, 0, self.entry(write, numbers.index)))

    def index(self, node: Node, sample: Index, place: Index) -> Index:
        """An index, which is kept as a number."""
        return self.b.cast("fptosi", self.b.load(self.at(node, sample, place)), self.b.number, "i64")

    def take_rows(self, node: Node) -> None:
        b, (index, table), size = self.b, node.inputs, node.shape[-1]
        read = self.entries(self.layout(index))
        write = self.entries(self.layout(node).reshape(-1, size)[:, 0])
        with b.loop(self.samples(node)) as samples, b.loop(prod(index.shape)) as numbers:
            row = b.times(self.index(index, samples.index, self.entry(read, numbers.index)), size)
            target = self.entry(write, numbers.index)
            with b.loop(size) as columns:
                number = b.load(self.at(table, 0, row, columns.index))
                b.store(number, self.at(node, samples.index, target, columns.index))

    def add_rows(self, node: Node) -> None:
        b, (index, g), size = self.b, node.inputs, node.shape[-1]
        self.fill(node, 0.0)
        places, read = self.entries(self.layout(index)), self.entries(self.layout(g).reshape(-1, size)[:, 0])
        with b.loop(self.task.batch) as samples, b.loop(prod(index.shape)) as numbers:
            row = b.times(self.index(index, samples.index, self.entry(places, numbers.index)), size)
            source = self.entry(read, numbers.index)
            with b.loop(size) as columns:
                target = self.at(node, 0, row, columns.index)
                new = b.load(self.at(g, samples.index, source, columns.index))
                b.store(b.add(b.load(target), new), target)

    def one_hot(self, node: Node) -> None:
        b, x = self.b, node.inputs[0]
        self.fill(node, 0.0)
        read, write = self.entries(self.layout(x)), self.entries(self.layout(node).reshape(-1, node["classes"])[:, 0])
        with b.loop(self.samples(node)) as samples, b.loop(prod(x.shape)) as numbers:
            hot = self.index(x, samples.index, self.entry(read, numbers.index))
            b.store(b.literal(1), self.at(node, samples.index, self.entry(write, numbers.index), hot))

    # ---------------------------------------------------------------- images

    def named(self, x: Node, places: Array) -> Array:
        """Where the numbers lie that `places` names."""
        return np.where(places == NOWHERE, NOWHERE, self.layout(x).reshape(-1)[places])

    def pick(self, node: Node) -> None:
        """Where a number has no place, the sum is without it."""
        b, x = self.b, node.inputs[0]
        places = self.named(x, node["places"]).reshape(prod(node.shape), -1)
        if places.shape[1] == 1:
            if (places == NOWHERE).any():
                self.fill(node, 0.0)
            self.copy(x, node, places[:, 0], self.layout(node).reshape(-1))
            return
        read, write = self.entries(places), self.entries(self.layout(node))
        with b.loop(self.samples(node)) as samples, b.loop(prod(node.shape)) as numbers:
            with b.loop(places.shape[1]) as terms:
                total = terms.carry(b, b.literal(0))
                place = b.plus(b.times(numbers.index, places.shape[1]), terms.index)
                number, _ = self.read_or(x, samples.index, self.entry(read, place), 0.0)
                new = b.add(total, number)
                terms.pass_on(total, new)
            b.store(new, self.at(node, samples.index, self.entry(write, numbers.index)))

    def read_or(self, x: Node, sample: Index, place: Index, otherwise: float) -> tuple[Value, Value]:
        """The number at this place and whether there is one; `otherwise` where the place is NOWHERE."""
        b = self.b
        there = b.value(f"icmp sge i64 {place}, 0")
        inside = b.value(f"select i1 {there}, i64 {place}, i64 0")
        return b.select(there, b.load(self.at(x, sample, inside)), b.literal(otherwise)), there

    def windows(self, node: Node) -> None:
        """Each window's largest number, or its gradient to where that is: the first of several; NaN is largest."""
        b, x, places = self.b, node.inputs[-1], self.named(node.inputs[-1], node["places"])
        backwards = node.op == "window_max_input"
        out = node.inputs[0] if backwards else node
        read, write = self.entries(places), self.entries(self.layout(out))
        target = self.entries(self.named(node, node["places"])) if backwards else 0
        if backwards:
            self.fill(node, 0.0)
        with b.loop(self.samples(node)) as samples, b.loop(len(places)) as numbers:
            with b.loop(places.shape[1]) as terms:
                largest, chosen = terms.carry(b, b.literal(-np.inf)), terms.carry(b, str(NOWHERE), "i64")
                place = b.plus(b.times(numbers.index, places.shape[1]), terms.index)
                number, there = self.read_or(x, samples.index, self.entry(read, place), -np.inf)
                # unordered or greater: NaN replaces what was; then nothing replaces NaN
                better = b.value(f"and i1 {b.compare('ugt', number, largest)}, {b.compare('oeq', largest, largest)}")
                first = b.value(f"and i1 {b.value(f'icmp slt i64 {chosen}, 0')}, {there}")
                takes = b.value(f"or i1 {better}, {first}")
                new = b.select(takes, number, largest)
                newly = b.value(f"select i1 {takes}, i64 {place}, i64 {chosen}")
                terms.pass_on(largest, new)
                terms.pass_on(chosen, newly)
            at = self.at(out, samples.index, self.entry(write, numbers.index))
            if backwards:
                there = self.at(node, samples.index, self.entry(target, newly))
                b.store(b.add(b.load(there), b.load(at)), there)
            else:
                b.store(new, at)
