"""A lane is a sample: the whole step in straight lines, for nets whose parameters fit into registers.

Parameters that are updated by the same formula lie side by side in vectors, whichever layer they belong to, and stay
in registers from step to step; so do the states of their optimizer. A number of a parameter is spread over all lanes
where samples need it. The sums over samples of W numbers are made together, by a tree of transposed additions whose
result lies as the parameters do. A batch larger than a vector is a loop over tiles of samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod

import numpy as np

from chainrule.native import jit
from chainrule.native.compiled import Code, Task, aligned, argument, module, record, record_loss, scalar
from chainrule.native.graph import BATCH_TO_ONE, CannotLower, Node, reached
from chainrule.native.grouping import Element, Group, grouped, shared
from chainrule.native.ir import Builder, Index, Loop, Target, Value
from chainrule.native.memory import Array, Memory
from chainrule.native.unrolled import Known, after_sums, combined, evaluated, names, need_short, only, places, summed

MOST_NUMBERS = 400  # parameters; above 200 panels.py may be quicker (choose.py)


def transposed_sums(b: Builder, vectors: Sequence[Value | None]) -> Value:
    """One vector whose lane k is the sum of all lanes of vectors[k]; None is a vector of zeros."""
    half, width = len(vectors) // 2, b.width
    if not half:
        return vectors[0] or "zeroinitializer"
    paired: list[Value | None] = []
    for first, second in zip(vectors[:half], vectors[half:], strict=True):
        if first is None and second is None:
            paired.append(None)
            continue
        lanes = []
        for lane in range(width):
            block, place = divmod(lane, 2 * half)
            lanes.append((width if place >= half else 0) + block * 2 * half + place % half)
        pair = first or "zeroinitializer", second or "zeroinitializer"
        paired.append(b.add(b.shuffle(*pair, lanes), b.shuffle(*pair, [lane + half for lane in lanes])))
    return transposed_sums(b, paired)


@dataclass
class Lowering:
    """One step being written. Packed vectors hold a number in each lane; all others have a sample in each lane.

    gathered   the rows of each step are named by `order`; else the data is the same at every step
    packed     vector and lane of a number that is packed
    """

    task: Task
    target: Target
    gathered: bool
    packed: dict[Element, tuple[Value, int]] = field(default_factory=dict)

    @cached_property
    def b(self) -> Builder:
        """Vectors no wider than the samples need, but at least 16 bytes."""
        least = 16 // np.dtype(self.task.dtype).itemsize
        width = min(self.target.lanes(self.task.dtype), max(least, 1 << (self.task.batch - 1).bit_length()))
        return Builder(self.task.dtype, width, self.target, self.task.strict)

    @cached_property
    def rows(self) -> int:
        """The samples, rounded up to whole vectors."""
        return -(-self.task.batch // self.b.width) * self.b.width

    @cached_property
    def columns(self) -> dict[Node, int]:
        """Where each batch leaf lies in the scratch memory: column after column, a sample in each lane."""
        found, start = {}, 0
        for leaf in self.task.stored:
            if leaf.over == "batch":
                found[leaf] = start
                start += prod(leaf.shape) * self.rows
        return found

    @property
    def scratch(self) -> int:
        return sum(prod(leaf.shape) for leaf in self.columns) * self.rows

    # ---------------------------------------------------------------- the step

    def text(self) -> str:
        task, b, program = self.task, self.b, self.task.program
        late = after_sums(program.nodes)
        groups = grouped(task, late)
        sums = [node for node in program.nodes if node.op in BATCH_TO_ONE]
        wanted = [program.loss, *(program.gradients.values() if task.norms else ()), *shared(groups, late)]
        early = {n for n in reached([*sums, *wanted]) if n not in late}
        stored = [n for n in program.nodes if n.over == "one" and n.is_leaf]

        starts = {
            (i, slot): self.loaded(group.elements(slot))
            for i, group in enumerate(groups)
            for slot, nodes in enumerate(group.slots)
            if nodes[0].is_leaf
        }
        fixed = {
            n: self.fixed(n)
            for n in stored
            if n in early and n.op in ("parameter", "state", "tensor") and n not in program.writes
        }
        if not self.gathered:
            self.fetch([leaf for leaf in self.columns if leaf.op == "data"], 0)
        with b.loop("%count") as steps:
            row = b.plus(steps.index, "%first")
            self.fetch([leaf for leaf in self.columns if self.gathered or leaf.op == "mask"], row)
            held = dict(starts)
            for i, group in enumerate(groups):
                for slot, _ in group.writes:
                    held[i, slot] = [steps.carry(b, vector) for vector in starts[i, slot]]
                    self.pack(group.elements(slot), held[i, slot])
            known = dict(fixed)
            for node in stored:
                if node.op == "constant":
                    known[node] = only(b.constant(node["value"]))
                elif node.op == "scalar":
                    known[node] = only(scalar(task, b, node, row))
                elif node in early and node in program.writes:
                    known[node] = self.spread(node)
            known = evaluated(b, [n for n in early if n.over == "one"], known)
            totals = self.totals(sums, known)
            held |= self.summed_lanes(groups, totals)
            known = evaluated(b, wanted, known | {node: self.spread(node) for node in sums if node in reached(wanted)})
            ends = {
                (i, slot): vectors
                for i, group in enumerate(groups)
                for slot, vectors in self.updated(i, group, held, known, late)
            }
            for place, vectors in ends.items():
                for carried, vector in zip(held[place], vectors, strict=True):
                    steps.pass_on(carried, vector)
            if task.norms:
                self.record_norms(known, row)
            record_loss(b, b.lane(known[program.loss].item(), 0), row, steps)
        for (i, slot), vectors in ends.items():
            self.stored_back(groups[i].elements(slot), vectors)
        b.write(f"ret i64 {b.plus(steps.index, 1)}")
        return module(task, b)

    # ---------------------------------------------------------------- numbers in lanes

    def chunks(self, elements: list[Element]) -> list[list[Element]]:
        return [elements[i : i + self.b.width] for i in range(0, len(elements), self.b.width)]

    def pack(self, elements: list[Element], vectors: list[Value]) -> None:
        """Note in which lane of these vectors each number lies."""
        for place, element in enumerate(elements):
            self.packed[element] = vectors[place // self.b.width], place % self.b.width

    def address(self, element: Element) -> Value:
        return self.b.address(argument(self.task, element[0]), element[1])

    def loaded(self, elements: list[Element]) -> list[Value]:
        """Numbers of parameters and states, from memory into lanes."""
        b, plain, vectors = self.b, self.b.of(1), []
        for chunk in self.chunks(elements):
            if len(chunk) == b.width and chunk[-1] == (chunk[0][0], chunk[0][1] + b.width - 1):
                vectors.append(b.load(self.address(chunk[0])))
                continue
            vector = "zeroinitializer"
            for lane, element in enumerate(chunk):
                number = plain.load(self.address(element))
                vector = b.value(f"insertelement {b.type} {vector}, {b.number} {number}, i32 {lane}")
            vectors.append(vector)
        return vectors

    def stored_back(self, elements: list[Element], vectors: list[Value]) -> None:
        for vector, chunk in zip(vectors, self.chunks(elements), strict=True):
            for lane, element in enumerate(chunk):
                self.b.of(1).store(self.b.lane(vector, lane), self.address(element))

    def spread(self, node: Node) -> Array:
        """Each number of a packed node in all lanes of a vector of its own."""
        result = names(node.shape)
        for i, place in enumerate(places(node.shape)):
            vector, lane = self.packed[node, i]
            result[place] = self.b.shuffle(vector, "poison", [lane] * self.b.width)
        return result

    def fixed(self, node: Node) -> Array:
        """Each number of an array that no step changes, in all lanes of a vector of its own."""
        result = names(node.shape)
        for i, place in enumerate(places(node.shape)):
            result[place] = self.b.load_all(self.address((node, i)))
        return result

    # ---------------------------------------------------------------- samples

    def fetch(self, leaves: list[Node], row: Index) -> None:
        """Copy this step's samples into the scratch memory, a column for each number of a sample."""
        if not leaves:
            return
        task, b = self.task, self.b.of(1)
        with b.loop(task.batch) as samples:
            place = b.plus(b.times(row, task.batch), samples.index)
            named = self.gathered and any(leaf.op == "data" for leaf in leaves)
            chosen = b.load_index(b.address("%order", place, element="i64")) if named else place
            for leaf in leaves:
                size, source = prod(leaf.shape), argument(task, leaf)
                with b.loop(size) as numbers:
                    at = ((place if leaf.op == "mask" else chosen, size), numbers.index)
                    if leaf.kind == "index":
                        whole = b.load_index(b.address(source, *at, element="i64"))
                        number = b.cast("sitofp", whole, "i64", b.number)
                    else:
                        number = b.load(b.address(source, *at))
                    column = (numbers.index, self.rows)
                    b.store(number, b.address("%scratch", self.columns[leaf], column, samples.index))

    def totals(self, sums: list[Node], known: Known) -> Known:
        """The sums over samples: a vector of partial sums for each number; in strict mode the plain sum."""
        b, strict = self.b, self.task.strict
        adder = b.of(1) if strict else b
        with b.loop(self.rows, b.width) as tiles:
            carried = {node: names(node.shape) for node in sums}
            for array in carried.values():
                for place in places(array.shape):
                    start = adder.constant(0) if strict else "zeroinitializer"
                    array[place] = tiles.carry(adder, start)
            leaves = {}
            for leaf in self.columns:
                leaves[leaf] = names(leaf.shape)
                for i, place in enumerate(places(leaf.shape)):
                    at = b.address("%scratch", self.columns[leaf] + i * self.rows, tiles.index)
                    leaves[leaf][place] = b.load(at)
            inside = evaluated(b, (part for node in sums for part in node.inputs), known | leaves)
            keep = self.kept(tiles)
            found: Known = {}
            for node in sums:
                parts = [inside[part] for part in node.inputs]
                if keep:  # the factor that every contribution has: g of outer and add_rows, x of batch_sum
                    which = 1 if node.op == "add_rows" else 0
                    parts[which] = self.without_padding(parts[which], keep)
                before = None if strict or tiles.runs_once else carried[node]
                found[node] = summed(b, node, [parts], before)
                for place in places(node.shape) if strict else ():
                    found[node][place] = b.total(found[node][place], carried[node][place])
                for place in places(node.shape):
                    tiles.pass_on(carried[node][place], found[node][place])
        return found

    def kept(self, tiles: Loop) -> Value:
        """Which lanes of this tile are samples; "" where all are."""
        b, samples = self.b, self.task.batch
        if samples == self.rows:
            return ""
        if tiles.runs_once:
            return b.first_lanes(samples)
        lanes = f"<{', '.join(f'i64 {lane}' for lane in range(b.width))}>"
        kind = f"<{b.width} x i64>"
        first = b.value(f"insertelement {kind} poison, i64 {tiles.index}, i32 0")
        all_first = b.value(f"shufflevector {kind} {first}, {kind} poison, <{b.width} x i32> zeroinitializer")
        places = b.value(f"add {kind} {all_first}, {lanes}")
        return b.value(f"icmp slt {kind} {places}, splat (i64 {samples})")

    def without_padding(self, x: Array, keep: Value) -> Array:
        result = names(x.shape)
        known: dict[Value, Value] = {}
        for place in places(x.shape):
            if x[place] not in known:
                known[x[place]] = self.b.select(keep, x[place], "zeroinitializer")
            result[place] = known[x[place]]
        return result

    # ---------------------------------------------------------------- sums and updates

    def summed_lanes(self, groups: list[Group], totals: Known) -> dict[tuple[int, int], list[Value]]:
        """The sums over samples, packed as the parameters are; the rest (the loss) in lanes that are left over."""
        where = [
            (i, slot)
            for i, group in enumerate(groups)
            for slot, nodes in enumerate(group.slots)
            if nodes[0].op in BATCH_TO_ONE
        ]
        chunks = [(key, chunk) for key in where for chunk in self.chunks(groups[key[0]].elements(key[1]))]
        taken = {element for _, chunk in chunks for element in chunk}
        rest = [(node, i) for node in totals for i in range(prod(node.shape)) if (node, i) not in taken]
        for _, chunk in chunks:
            room = self.b.width - len(chunk)
            chunk += rest[:room]
            rest = rest[room:]
        chunks += [((-1, -1), chunk) for chunk in self.chunks(rest)]
        held: dict[tuple[int, int], list[Value]] = {}
        for key, chunk in chunks:
            numbers = [totals[node].reshape(-1)[i] for node, i in chunk]
            vector = self.in_lanes(numbers)
            self.pack(chunk, [vector])
            held.setdefault(key, []).append(vector)
        return held

    def in_lanes(self, numbers: list[Value]) -> Value:
        b = self.b
        if not self.task.strict:
            return transposed_sums(b, [*numbers, *[None] * (b.width - len(numbers))])
        vector = "zeroinitializer"
        for lane, number in enumerate(numbers):
            vector = b.value(f"insertelement {b.type} {vector}, {b.number} {number}, i32 {lane}")
        return vector

    def updated(
        self, i: int, group: Group, held: dict[tuple[int, int], list[Value]], known: Known, late: set[Node]
    ) -> list[tuple[int, list[Value]]]:
        """What the vectors of each slot that is written become. The first member's nodes stand for all members'."""
        vectors = {nodes[0]: np.array(held[i, slot], dtype=object) for slot, nodes in enumerate(group.slots)}
        own = group.slots[0][0].shape == ()  # then numbers of shape () that depend on sums are each member's own
        ready = {n: a for n, a in known.items() if n.shape == () and not (own and n in late)} | vectors
        values = evaluated(self.b, (node for _, node in group.writes), ready)
        return [(slot, list(np.broadcast_to(values[node], len(held[i, slot])))) for slot, node in group.writes]

    def record_norms(self, known: Known, row: Index) -> None:
        b, gradients = self.b, self.task.program.gradients
        for column, gradient in enumerate(gradients.values()):
            squares = [b.mul(x, x) for x in known[gradient].reshape(-1)]
            norm = b.math("sqrt", combined(b, "add", squares))
            record(b.of(1), b.lane(norm, 0), b.address("%norms", (row, len(gradients)), column, element="double"))


class LaneMachine:
    """A training step whose parameters stay in registers. Raises CannotLower."""

    def __init__(self, task: Task, target: Target | None = None) -> None:
        self.task, self.target = task, target or jit.host()
        size = sum(prod(leaf.shape) for leaf in task.program.leaves("parameter"))
        if size > MOST_NUMBERS:
            raise CannotLower(f"{size} numbers of parameters are too many for registers")
        need_short(task.program)
        self.codes: dict[bool, Code] = {}

    def code(self, gathered: bool) -> Code:
        if gathered not in self.codes:
            with jit.undisturbed():
                lowering = Lowering(self.task, self.target, gathered)
                self.codes[gathered] = Code(self.task, lowering.text(), aligned(lowering.scratch, self.task.dtype))
        return self.codes[gathered]

    def run(self, memory: Memory, first: int, count: int) -> int:
        return self.code(memory.order is not None)(memory, first, count)

    def source(self) -> str:
        return "\n".join(code.text for code in self.codes.values()) or self.code(False).text
