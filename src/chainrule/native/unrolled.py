"""Nodes written out number by number: the value of a node is an array of LLVM values, one for each number of a sample.

What a lane of these vectors means is the caller's: a sample (lanes.py) or a network (swarm.py). Moves cost nothing:
NumPy rearranges the names of the values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain, islice, product
from math import prod
from typing import TypeAlias

import numpy as np

from chainrule.native.graph import BATCH_TO_ONE, ELEMENTWISE, CannotLower, Node
from chainrule.native.ir import Builder, Value
from chainrule.native.maths import ELEMENTWISE as EMIT
from chainrule.native.memory import Array
from chainrule.native.moves import MOVES, moved
from chainrule.native.program import Program

Place: TypeAlias = tuple[int, ...]
Known: TypeAlias = dict[Node, Array]  # values of nodes: for each number its vector
MOST_RESULTS = 10_000  # written out one by one; compiling takes some 20 µs for each
SIDE_BY_SIDE = 4  # numbers of an elementwise operation: on 2-8-1 a step of a swarm took 0.94 of the time with 1
LARGEST_TABLE = 32  # rows of a table that are told apart by comparing, one select for each


def elementwise(b: Builder, node: Node, *operands: Value) -> Value:
    """One elementwise operation; a power that is a small constant is written with products and roots."""
    if node.op == "pow" and node.inputs[1].op == "constant":
        x, power = operands[0], node.inputs[1]["value"]
        if power == 0.5:
            return b.math("sqrt", x)
        if power == int(power) and 0 < abs(power) <= 4:
            result = x
            for _ in range(int(abs(power)) - 1):
                result = b.mul(result, x)
            return result if power > 0 else b.div(b.constant(1), result)
    return EMIT[node.op](b, *operands)


def places(shape: tuple[int, ...]) -> Iterator[Place]:
    return product(*map(range, shape))


def batched(found: Iterator[Place], count: int) -> Iterator[list[Place]]:
    """So many at a time."""
    while some := list(islice(found, count)):
        yield some


def names(shape: tuple[int, ...]) -> Array:
    return np.empty(shape, dtype=object)


def combined(b: Builder, op: str, values: list[Value]) -> Value:
    """Their sum or largest: in strict mode one after the other, else in pairs, which shortens the wait."""
    while len(values) > 1:
        if b.strict:
            values = [EMIT[op](b, values[0], values[1]), *values[2:]]
        else:
            pairs = [EMIT[op](b, *values[i : i + 2]) for i in range(0, len(values) - 1, 2)]
            values = pairs + values[len(values) - len(values) % 2 :]
    return values[0]


def reduced(b: Builder, node: Node, x: Array) -> Array:
    axes = node["axes"]
    kept = [axis for axis in range(x.ndim) if axis not in axes]
    flat = x.transpose(*kept, *axes).reshape(*(x.shape[axis] for axis in kept), -1)
    result = names(flat.shape[:-1])
    for place in places(result.shape):
        result[place] = combined(b, "add" if node.op == "sum" else "maximum", list(flat[place]))
    return result.reshape(node.shape)


def dot(b: Builder, xs: Array, ws: Array) -> Value:
    total = b.mul(ws[0], xs[0])
    for x, w in zip(xs[1:], ws[1:], strict=True):
        total = b.fma(w, x, total)
    return total


def value(b: Builder, node: Node, parts: list[Array]) -> Array:
    """The value of a node from those of its inputs; not of leaves nor of sums over samples. Raises CannotLower."""
    if node.op in MOVES:
        return moved(node, parts, b.constant(0))
    if node.op in ("sum", "max"):
        return reduced(b, node, parts[0])
    if node.op in ELEMENTWISE:
        spread = np.broadcast_arrays(*parts)
        result = names(spread[0].shape)
        for some in batched(places(result.shape), SIDE_BY_SIDE):
            chains = [partial(elementwise, b, node, *(part[place] for part in spread)) for place in some]
            for place, number in zip(some, b.side_by_side(chains), strict=True):
                result[place] = number
        return result
    result = names(node.shape)
    match node.op:
        case "matmul" | "matmul_t":
            x, w = parts[0], parts[1] if node.op == "matmul" else parts[1].T
            for *lead, o in places(node.shape):
                result[(*lead, o)] = dot(b, x[tuple(lead)], w[o])
            return result
        case "take_rows" if len(parts[1]) <= LARGEST_TABLE:
            index, table = parts
            for *lead, d in places(node.shape):
                chosen = table[0, d]
                for row in range(1, len(table)):
                    chosen = b.select(b.compare("oeq", index[tuple(lead)], b.constant(row)), table[row, d], chosen)
                result[(*lead, d)] = chosen
            return result
        case "one_hot" if node["classes"] <= LARGEST_TABLE:
            for *lead, k in places(node.shape):
                result[(*lead, k)] = EMIT["eq"](b, parts[0][tuple(lead)], b.constant(k))
            return result
    raise CannotLower("it is not written out number by number", node.op, node.place)


def contributions(node: Node, parts: list[Array]) -> Iterator[tuple[tuple[int, ...], str, tuple[Value, ...]]]:
    """What one sample adds to a sum over samples: (place in the sum, "add" or "fma" or "row", values)."""
    match node.op:
        case "batch_sum":
            for place in places(node.shape):
                yield place, "add", (parts[0][place],)
        case "outer":
            g, x = parts
            for *lead, o in places(g.shape):
                for i in range(x.shape[-1]):
                    yield (o, i), "fma", (g[(*lead, o)], x[(*lead, i)])
        case "add_rows" if node["rows"] <= LARGEST_TABLE:
            index, g = parts
            for *lead, d in places(g.shape):
                for row in range(node["rows"]):
                    yield (row, d), "row", (g[(*lead, d)], index[tuple(lead)])
        case _:
            raise CannotLower("its sum over samples is not written out number by number", node.op, node.place)


def summed(b: Builder, node: Node, samples: list[list[Array]], before: Array | None) -> Array:
    """`before` (None: nothing) plus the contributions of samples, each given by the values of the node's inputs.

    Number by number, all samples of each: so a sum need not wait in memory for the next sample.
    """
    total = names(node.shape) if before is None else before.copy()
    side_by_side = zip(*(contributions(node, parts) for parts in samples), strict=True)
    for place, how, values in chain.from_iterable(side_by_side):
        if how == "fma":
            g, x = values
            total[place] = b.mul(g, x) if total[place] is None else b.fma(g, x, total[place])
            continue
        new = values[0]
        if how == "row":
            new = b.select(b.compare("oeq", values[1], b.constant(place[0])), new, b.constant(0))
        total[place] = new if total[place] is None else b.add(total[place], new)
    return total


def only(number: Value) -> Array:
    """A value of shape ()."""
    array = names(())
    array[()] = number
    return array


def evaluated(b: Builder, wanted: Iterable[Node], known: Known) -> Known:
    """`known` with the values of what is wanted and of all nodes between."""
    known = dict(known)
    needed, left = set(), list(wanted)
    while left:
        node = left.pop()
        if node not in known and node not in needed:
            needed.add(node)
            left.extend(node.inputs)
    for node in sorted(needed, key=lambda node: node.index):
        known[node] = value(b, node, [known[part] for part in node.inputs])
    return known


def after_sums(nodes: tuple[Node, ...]) -> set[Node]:
    """Nodes over one that depend on a sum over samples. Raises CannotLower where one goes back into the samples."""
    found: set[Node] = set()
    for node in nodes:
        if node.op in BATCH_TO_ONE or any(part in found for part in node.inputs):
            if node.over == "batch" or (node.op in BATCH_TO_ONE and any(part in found for part in node.inputs)):
                raise CannotLower("it couples the samples of a batch", node.op, node.place)
            found.add(node)
    return found


def need_short(program: Program) -> None:
    """Raises CannotLower where the text would be too long, counting one for each number, and each product of a sum."""
    total = 0
    for node in program.nodes:
        inner = {"matmul": -1, "matmul_t": 0}.get(node.op)
        total += prod(node.shape) * (1 if inner is None else node.inputs[1].shape[inner])
        if total > MOST_RESULTS:
            raise CannotLower("it has too many numbers to be written out one by one", node.op, node.place)
