"""Operations one by one, number by number: moves, sums over any axes, broadcasting of any kind, gathers, pools.

Slower than the kernels of panels.py, and right for every shape: where each number comes from is computed here, by
NumPy on arrays of places, and read by the compiled code from a table. In rows a number is one sample's, in columns it
is a vector of samples, and all else is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod

import numpy as np

from chainrule.native.compiled import Task
from chainrule.native.copies import copy_numbers
from chainrule.native.graph import ELEMENTWISE, CannotLower, Node
from chainrule.native.images import NOWHERE, windows
from chainrule.native.ir import Builder, Index, Value
from chainrule.native.maths import ELEMENTWISE as EMIT
from chainrule.native.memory import Array
from chainrule.native.moves import MOVES, moved
from chainrule.native.placing import Places
from chainrule.native.storage import Matrix
from chainrule.native.tables import Tables
from chainrule.native.team import Team
from chainrule.native.transpose import transpose
from chainrule.native.unrolled import elementwise

UNROLLED = 16  # numbers of a window of a pool; those of larger ones are a loop


def run_length(found: Array, target: Array) -> int:
    """Into runs of how many numbers both can be cut, so that each run is contiguous in both."""
    breaks = np.flatnonzero((np.diff(found) != 1) | (np.diff(target) != 1)) + 1
    return int(np.gcd.reduce([*breaks, len(found)]))


@dataclass
class Alone:
    """Writes one operation after the other.

    number   a value over one and of shape (), in every lane

    Threads have different tiles; what lies in rows, or is over one, is the first thread's.
    """

    task: Task
    places: Places
    tables: Tables
    team: Team
    number: Callable[[Node], Value]

    # ---------------------------------------------------------------- where the numbers of a node lie

    def builder(self, node: Node) -> Builder:
        """As wide as one number of the node: one sample, or the samples of a tile."""
        return self.places.innermost if node in self.places.columns else self.places.b.of(1)

    def layout(self, node: Node) -> Array:
        """For each number of a sample: its place, counted from where the sample starts."""
        if node not in self.places.rows:
            return np.arange(prod(node.shape)).reshape(node.shape)
        ours = self.places.rows[node]
        first = np.arange(prod(ours.lead)).reshape(*ours.lead, 1) * ours.stride
        return (first + np.arange(ours.length)).reshape(node.shape)

    def at(self, node: Node, sample: Index, *places: Index) -> Value:
        b = self.builder(node)
        if node in self.places.columns:
            return self.places.columns[node].at(b, sample, *places)
        if node in self.places.plain:
            return b.address("%scratch", self.places.plain[node].offset, *places)
        ours = self.places.rows[node]
        return ours.at(b, (sample, prod(ours.lead) * ours.stride), *places)

    @contextmanager
    def samples(self, node: Node) -> Iterator[Index]:
        """The number of each sample, or of the first of each tile."""
        b, batch = self.builder(node), self.task.batch if node.over == "batch" else 1
        with (
            self.tiles(-(-batch // b.width), node in self.places.columns) as (start, stop),
            b.loop(b.times(stop, b.width), b.width, b.times(start, b.width)) as loop,
        ):
            yield loop.index

    @contextmanager
    def tiles(self, count: int, shared: bool = True) -> Iterator[tuple[Index, Index]]:
        if shared:
            with self.team.share(count) as found:
                yield found
        else:
            with self.team.alone():
                yield 0, count

    def read(self, b: Builder, node: Node, sample: Index, place: Index) -> Value:
        """One number, in every lane where it is over one."""
        if not self.in_memory(node):
            return b.splat(self.places.b.lane(self.number(node), 0))
        at = self.at(node, sample, place)
        return b.load(at) if node.over == "batch" else b.load_all(at)

    def in_memory(self, node: Node) -> bool:
        return node in self.places.rows or node in self.places.plain or node in self.places.columns

    def first_samples(self, b: Builder, sample: Index, x: Value) -> Value:
        """0 in the lanes past the last sample."""
        rest = self.task.batch % b.width
        if not rest:
            return x
        kept = b.select(b.first_lanes(rest), x, b.constant(0))
        if sample == 0:
            return kept
        whole = b.value(f"icmp sle i64 {b.plus(sample, b.width)}, {self.task.batch}")
        return b.value(f"select i1 {whole}, {b.type} {x}, {b.type} {kept}")

    # ---------------------------------------------------------------- operations

    def write(self, node: Node) -> None:
        if node.op in MOVES:
            self.move(node)
        elif node.op in ELEMENTWISE:
            self.broadcasting(node)
        elif node.op in ("sum", "max"):
            self.reduction(node)
        elif node.op == "batch_sum":
            with self.team.alone():
                self.batch_sum(node)
        elif node.op == "take_rows":
            self.take_rows(node)
        elif node.op == "add_rows":
            with self.team.alone():
                self.add_rows(node)
        elif node.op == "one_hot":
            self.one_hot(node)
        elif node.op in ("columns", "rows"):
            self.other_layout(node)
        elif node.op == "max_pool2d":
            self.pool(node)
        elif node.op == "max_pool2d_input":
            self.pool_input(node)
        else:
            raise CannotLower("it is not lowered", node.op, node.place)

    def move(self, node: Node) -> None:
        if node.op == "permute" and node["axes"] == (1, 0) and node not in self.places.columns:
            self.turn(node)
            return
        target = self.layout(node).reshape(-1)
        sources = [self.layout(part) for part in node.inputs]
        if node.op == "pad":
            self.fill(node)
        for chosen, part in enumerate(node.inputs):
            hidden = [places if i == chosen else np.full_like(places, NOWHERE) for i, places in enumerate(sources)]
            self.copy(part, node, moved(node, hidden, NOWHERE).reshape(-1), target)

    def copy(self, x: Node, node: Node, found: Array, target: Array) -> None:
        """The number at found[j] to target[j], where it is not NOWHERE; numbers that stay side by side go together."""
        known = found != NOWHERE
        found, target = found[known], target[known]
        if not len(found):
            return
        b, spread = self.builder(node), node in self.places.columns and x not in self.places.columns
        together = 1 if spread else run_length(found, target)
        read, write = self.tables.keep(found[::together]), self.tables.keep(target[::together])
        with self.samples(node) as sample, b.loop(len(found) // together) as runs:
            place, there = (self.tables.read(start, runs.index) for start in (read, write))
            if spread:
                b.store(self.read(b, x, sample, place), self.at(node, sample, there))
            else:
                vectors = b if b.width > 1 else self.places.b
                copy_numbers(vectors, self.at(x, sample, place), self.at(node, sample, there), together * b.width)

    def turn(self, node: Node) -> None:
        """The transpose of a matrix, in blocks of registers."""
        x, b, rows_of = node.inputs[0], self.places.b, self.places.rows
        rows, columns = x.shape

        def stride(part: Node) -> int:
            return rows_of[part].stride if part in rows_of else part.shape[1]

        with self.samples(node) as sample:
            source = Matrix(self.at(x, sample), 0, rows, columns, b.width, False, stride(x))
            target = Matrix(self.at(node, sample), 0, columns, rows, b.width, False, stride(node))
            transpose(b, source, target, Team(b))

    def other_layout(self, node: Node) -> None:
        """Rows to columns or back: each tile is a matrix, which is transposed, row by row of the leading axes."""
        x, b, batch = node.inputs[0], self.places.innermost, self.task.batch
        ours, theirs = (x, node) if node.op == "rows" else (node, x)
        columns, rows = self.places.columns[ours], self.places.rows[theirs]
        lead = prod(rows.lead)
        whole = batch // b.width
        for first, count, samples in ((0, whole, b.width), (whole, 1, batch % b.width)):
            if not count * samples:
                continue
            with (
                self.tiles(count) as (start, stop),
                b.loop(b.times(b.plus(stop, first), b.width), b.width, b.times(b.plus(start, first), b.width)) as tiles,
                b.loop(lead) as leads,
            ):
                numbers = columns.at(b, tiles.index, (leads.index, rows.length))
                row = rows.at(b, (tiles.index, lead * rows.stride), (leads.index, rows.stride))
                inner = Matrix(numbers, 0, rows.length, samples, b.width, False, b.width)
                outer = Matrix(row, 0, samples, rows.length, b.width, False, lead * rows.stride)
                transpose(b, *((inner, outer) if node.op == "rows" else (outer, inner)), Team(b))

    def fill(self, node: Node) -> None:
        """Zeros."""
        b, write = self.builder(node), self.tables.keep(self.layout(node))
        with self.samples(node) as sample, b.loop(prod(node.shape)) as numbers:
            b.store(b.constant(0), self.at(node, sample, self.tables.read(write, numbers.index)))

    def broadcasting(self, node: Node) -> None:
        b, write = self.builder(node), self.tables.keep(self.layout(node))
        starts = [
            self.tables.keep(np.broadcast_to(self.layout(part), node.shape)) if self.in_memory(part) else 0
            for part in node.inputs
        ]
        with self.samples(node) as sample, b.loop(prod(node.shape)) as numbers:
            operands = [
                self.read(b, part, sample, self.tables.read(start, numbers.index) if start else 0)
                for part, start in zip(node.inputs, starts, strict=True)
            ]
            value = elementwise(b, node, *operands)
            b.store(value, self.at(node, sample, self.tables.read(write, numbers.index)))

    def reduction(self, node: Node) -> None:
        """The places of the numbers of one sum are the same for all sums, counted from its first."""
        b, x = self.builder(node), node.inputs[0]
        axes = node["axes"]
        kept = [axis for axis in range(len(x.shape)) if axis not in axes]
        places = self.layout(x).transpose(*kept, *axes).reshape(prod(node.shape), -1)
        first, others = self.tables.keep(places[:, 0]), self.tables.keep(places[0] - places[0, 0])
        write = self.tables.keep(self.layout(node))
        start, combine = (0.0, "add") if node.op == "sum" else (-np.inf, "maximum")
        with self.samples(node) as sample, b.loop(prod(node.shape)) as numbers:
            origin = self.tables.read(first, numbers.index)
            with b.loop(places.shape[1]) as terms:
                total = terms.carry(b, b.constant(start))
                number = b.load(self.at(x, sample, origin, self.tables.read(others, terms.index)))
                new = EMIT[combine](b, total, number)
                terms.pass_on(total, new)
            b.store(new, self.at(node, sample, self.tables.read(write, numbers.index)))

    def batch_sum(self, node: Node) -> None:
        x = node.inputs[0]
        b, plain = self.builder(x), self.places.b.of(1)
        read, write = self.tables.keep(self.layout(x)), self.tables.keep(self.layout(node))
        with b.loop(prod(node.shape)) as numbers:
            place = self.tables.read(read, numbers.index)
            with b.loop(self.task.batch, b.width) as samples:
                total = samples.carry(b, b.constant(0))
                number = self.first_samples(b, samples.index, b.load(self.at(x, samples.index, place)))
                new = b.add(total, number)
                samples.pass_on(total, new)
            total = new if b.width == 1 else b.total(new)
            plain.store(total, self.at(node, 0, self.tables.read(write, numbers.index)))

    def index(self, node: Node, sample: Index, place: Index) -> Index:
        """An index, which is kept as a number."""
        b = self.builder(node)
        return b.cast("fptosi", b.load(self.at(node, sample, place)), b.number, "i64")

    def take_rows(self, node: Node) -> None:
        b, (index, table), size = self.builder(node), node.inputs, node.shape[-1]
        read = self.tables.keep(self.layout(index))
        write = self.tables.keep(self.layout(node).reshape(-1, size)[:, 0])
        with self.samples(node) as sample, b.loop(prod(index.shape)) as numbers:
            row = b.times(self.index(index, sample, self.tables.read(read, numbers.index)), size)
            target = self.tables.read(write, numbers.index)
            with b.loop(size) as columns:
                number = b.load(self.at(table, 0, row, columns.index))
                b.store(number, self.at(node, sample, target, columns.index))

    def add_rows(self, node: Node) -> None:
        b, (index, g), size = self.builder(node), node.inputs, node.shape[-1]
        self.fill(node)
        places, read = (
            self.tables.keep(self.layout(index)),
            self.tables.keep(self.layout(g).reshape(-1, size)[:, 0]),
        )
        with b.loop(self.task.batch) as samples, b.loop(prod(index.shape)) as numbers:
            row = b.times(self.index(index, samples.index, self.tables.read(places, numbers.index)), size)
            source = self.tables.read(read, numbers.index)
            with b.loop(size) as columns:
                target = self.at(node, 0, row, columns.index)
                new = b.load(self.at(g, samples.index, source, columns.index))
                b.store(b.add(b.load(target), new), target)

    def one_hot(self, node: Node) -> None:
        b, x = self.builder(node), node.inputs[0]
        self.fill(node)
        read = self.tables.keep(self.layout(x))
        write = self.tables.keep(self.layout(node).reshape(-1, node["classes"])[:, 0])
        with self.samples(node) as sample, b.loop(prod(x.shape)) as numbers:
            hot = self.index(x, sample, self.tables.read(read, numbers.index))
            b.store(b.constant(1), self.at(node, sample, self.tables.read(write, numbers.index), hot))

    # ---------------------------------------------------------------- pools

    def windows(self, x: Node, out: Node, pool: Node) -> tuple[Array, int]:
        """The places of each window's numbers, and where the table of them starts."""
        how = (pool[key] for key in ("kernel", "stride", "padding", "dilation"))
        found = windows(x.shape, out.shape[1:], *how)
        return found, self.tables.keep(found)

    def read_or(self, x: Node, sample: Index, place: Index, padded: bool) -> tuple[Value, Value]:
        """The number at this place and whether there is one; −∞ where the place is NOWHERE."""
        b = self.builder(x)
        if not padded:
            return b.load(self.at(x, sample, place)), ""
        there = b.value(f"icmp sge i64 {place}, 0")
        inside = b.value(f"select i1 {there}, i64 {place}, i64 0")
        number = b.load(self.at(x, sample, inside))
        return b.value(f"select i1 {there}, {b.type} {number}, {b.type} {b.constant(-np.inf)}"), there

    def largest(self, x: Node, sample: Index, window: Index, places: Array, read: int) -> Value:
        """The largest number of a window; NaN where there is one."""
        b, size, padded = self.builder(x), places.shape[1], bool((places == NOWHERE).any())
        at_once = size if size <= UNROLLED else 1
        first = b.times(window, size)
        with b.loop(size, at_once) as terms:
            largest = new = terms.carry(b, b.constant(-np.inf))
            for k in range(at_once):
                place = self.tables.read(read, b.plus(first, terms.index), k)
                number, _ = self.read_or(x, sample, place, padded)
                new = number if k == 0 and terms.runs_once else EMIT["maximum"](b, new, number)
            terms.pass_on(largest, new)
        return new

    def pool(self, node: Node) -> None:
        x, b = node.inputs[0], self.builder(node)
        places, read = self.windows(x, node, node)
        with self.samples(node) as sample, b.loop(len(places)) as numbers:
            b.store(self.largest(x, sample, numbers.index, places, read), self.at(node, sample, numbers.index))

    def pool_input(self, node: Node) -> None:
        """Each window's gradient goes to the first of its largest numbers, NaN being the largest of all."""
        (g, x), b = node.inputs, self.builder(node)
        places, read = self.windows(x, g, node)
        size, padded = places.shape[1], bool((places == NOWHERE).any())
        counts = np.bincount(places[places != NOWHERE], minlength=prod(x.shape))
        once = not padded and counts.max() == 1  # windows do not overlap
        if not once or not counts.all():
            self.fill(node)
        at_once = size if size <= UNROLLED else 1
        with self.samples(node) as sample, b.loop(len(places)) as numbers:
            largest = self.largest(x, sample, numbers.index, places, read)
            upstream = b.load(self.at(g, sample, numbers.index))
            first = b.times(numbers.index, size)
            with b.loop(size, at_once) as terms:
                left = still = terms.carry(b, b.every(True), b.truth)  # the largest is still to come
                for k in range(at_once):
                    place = self.tables.read(read, b.plus(first, terms.index), k)
                    number, there = self.read_or(x, sample, place, padded)
                    found = b.either(b.compare("oeq", number, largest), b.compare("uno", number, number))
                    if padded:
                        found = b.value(f"select i1 {there}, {b.truth} {found}, {b.truth} {b.every(False)}")
                        place = b.value(f"select i1 {there}, i64 {place}, i64 0")
                    share = b.select(b.both(found, still), upstream, b.constant(0))
                    still = b.both(still, b.negated(found))
                    target = self.at(node, sample, place)
                    b.store(share if once else b.add(b.load(target), share), target)
                terms.pass_on(left, still)
