"""A lane is a network: thousands of copies of a small net, each with its own parameters, on the same data.

Every parameter is a vector of its own; no lane ever needs another's numbers, so a step is straight lines without a
shuffle. Several vectors are interleaved where the net is so small that the processor would wait for results.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod

import numpy as np

from chainrule.native import jit
from chainrule.native.compiled import OTHERS, Task, address_of, argument, module, scalar
from chainrule.native.graph import BATCH_TO_ONE, CannotLower, Node
from chainrule.native.ir import Builder, Index, Loop, Target, Value
from chainrule.native.memory import Array
from chainrule.native.unrolled import Known, after_sums, evaluated, names, need_short, only, places, summed

MOST_NUMBERS = 400  # parameters of one net; beyond it they no longer stay in the first cache with their gradients
UNROLLED_SAMPLES = 8
# Vectors side by side, for nets of up to so many parameters: the chain of one step is long, the registers are few.
INTERLEAVED = ((4, 4), (10, 2))
RANGE = ("first", "count", "start", "stop", "networks")


@dataclass(slots=True)
class SwarmMemory:
    """The numbers of many networks.

    arrays    {leaf name: numbers}. parameters and states: (*shape, networks), in the dtype of the training; data and
              tensors as in Memory, the same for all networks
    scalars   (steps, number of the program's scalars) float64
    losses    (networks,) in the dtype of the training: of the last step that was made
    order     (steps, batch) int64, or None: all rows in order at every step
    """

    arrays: dict[str, Array]
    scalars: Array
    losses: Array
    order: Array | None = None


@dataclass
class Lowering:
    """The step of as many networks as a vector has lanes."""

    task: Task
    target: Target
    gathered: bool
    fixed: Known = field(default_factory=dict)

    def __post_init__(self) -> None:
        size = sum(prod(leaf.shape) for leaf in self.task.program.leaves("parameter"))
        side_by_side = next((vectors for most, vectors in INTERLEAVED if size <= most), 1)
        lanes = self.target.lanes(self.task.dtype) * side_by_side
        self.b = Builder(self.task.dtype, lanes, self.target, self.task.strict)

    def numbers(self, leaf: Node, network: Index) -> Iterator[tuple[tuple[int, ...], Value]]:
        """The place of each number of a leaf that every network has of its own."""
        for i, place in enumerate(places(leaf.shape)):
            yield place, self.b.address(argument(self.task, leaf), (i, "%networks"), network)

    def text(self) -> str:
        task, b, program = self.task, self.b, self.task.program
        late = after_sums(program.nodes)
        own = [*program.leaves("parameter"), *program.leaves("state")]
        sums = [node for node in program.nodes if node.op in BATCH_TO_ONE]
        with b.loop("%stop", b.width, start="%start") as networks:
            starts: Known = {leaf: names(leaf.shape) for leaf in own}
            for leaf in own:
                for place, pointer in self.numbers(leaf, networks.index):
                    starts[leaf][place] = b.load(pointer)
            with b.loop("%count") as steps:
                row = b.plus(steps.index, "%first")
                known = {
                    leaf: self.carried(steps, starts[leaf]) if leaf in program.writes else starts[leaf] for leaf in own
                }
                held = dict(known)
                known |= {n: only(b.constant(n["value"])) for n in program.leaves("constant")}
                known |= {n: only(scalar(task, b, n, row)) for n in program.leaves("scalar")}
                known |= {n: self.shared(n, 0) for n in program.leaves("tensor")}
                known = evaluated(b, [n for n in program.nodes if n.over == "one" and n not in late], known)
                known |= self.totals(sums, known, row)
                known = evaluated(b, [program.loss, *program.writes.values()], known)
                for leaf, node in program.writes.items():
                    for place in places(leaf.shape):
                        steps.pass_on(held[leaf][place], np.broadcast_to(known[node], leaf.shape)[place])
            for leaf, node in program.writes.items():
                for place, pointer in self.numbers(leaf, networks.index):
                    b.store(str(np.broadcast_to(known[node], leaf.shape)[place]), pointer)
            b.store(known[program.loss].item(), b.address("%losses", networks.index))
        b.write("ret i64 %count")
        return module(task, b, RANGE)

    def carried(self, steps: Loop, start: Array) -> Array:
        result = names(start.shape)
        for place in places(start.shape):
            result[place] = steps.carry(self.b, start[place])
        return result

    def shared(self, leaf: Node, row: Index) -> Array:
        """A row of an array that all networks read."""
        b, result, source = self.b, names(leaf.shape), argument(self.task, leaf)
        for i, place in enumerate(places(leaf.shape)):
            at = ((row, prod(leaf.shape)), i)
            if leaf.kind == "float":
                result[place] = b.load_all(b.address(source, *at))
            else:
                whole = b.load_index(b.address(source, *at, element="i64"))
                result[place] = b.splat(b.cast("sitofp", whole, "i64", b.number))
        return result

    def totals(self, sums: list[Node], known: Known, row: Index) -> Known:
        """The sums over samples; few samples are written out one below the other, more are a loop."""
        if self.task.batch <= UNROLLED_SAMPLES:
            samples = [self.sample(sums, known, row, sample) for sample in range(self.task.batch)]
            return {node: self.summed(node, samples, None) for node in sums}
        with self.b.loop(self.task.batch) as loop:
            before = {node: names(node.shape) for node in sums}
            for array in before.values():
                for place in places(array.shape):
                    array[place] = loop.carry(self.b, "zeroinitializer")
            sample = self.sample(sums, known, row, loop.index)
            found = {node: self.summed(node, [sample], before[node]) for node in sums}
            for node in sums:
                for place in places(node.shape):
                    loop.pass_on(before[node][place], found[node][place])
        return found

    def summed(self, node: Node, samples: list[Known], before: Array | None) -> Array:
        return summed(self.b, node, [[values[part] for part in node.inputs] for values in samples], before)

    def sample(self, sums: list[Node], known: Known, row: Index, sample: Index) -> Known:
        """The values of what is summed, for one sample."""
        b, program = self.b, self.task.program
        if self.gathered:
            place = b.address("%order", (row, self.task.batch), sample, element="i64")
            sample = b.load_index(place)
        leaves = {leaf: self.shared(leaf, sample) for leaf in program.leaves("data")}
        return evaluated(b, (part for node in sums for part in node.inputs), known | leaves)


class SwarmMachine:
    """Trains many networks at once; their number is a multiple of `lanes`. Raises CannotLower."""

    def __init__(self, task: Task, target: Target | None = None) -> None:
        self.task, self.target = task, target or jit.host()
        size = sum(prod(leaf.shape) for leaf in task.program.leaves("parameter"))
        if size > MOST_NUMBERS:
            raise CannotLower(f"{size} numbers of parameters are too many for a swarm")
        need_short(task.program)
        for leaf in task.program.leaves("mask"):
            raise CannotLower("its random numbers would be the same for all networks", leaf.op, leaf.place)
        self.lanes = Lowering(task, self.target, gathered=False).b.width
        self.texts: dict[bool, str] = {}

    def text(self, gathered: bool) -> str:
        if gathered not in self.texts:
            with jit.undisturbed():
                self.texts[gathered] = Lowering(self.task, self.target, gathered).text()
        return self.texts[gathered]

    def run(self, memory: SwarmMemory, first: int, count: int, start: int = 0, stop: int | None = None) -> int:
        """Train the networks start, …, stop − 1 for `count` steps; several threads may train different networks."""
        networks = len(memory.losses)
        stop = networks if stop is None else stop
        if (stop - start) % self.lanes or stop <= start:
            raise ValueError(f"{stop - start} networks are no multiple of {self.lanes}")
        function = jit.function(self.text(memory.order is not None), len(self.task.stored) + len(OTHERS), len(RANGE))
        leaves = [memory.arrays[leaf["name"]] for leaf in self.task.stored]
        others = (memory.order, memory.scalars, memory.losses, None, None, None)
        done: int = function(*map(address_of, [*leaves, *others]), first, count, start, stop, networks)
        return done

    def source(self) -> str:
        return "\n".join(self.texts.values()) or self.text(False)
