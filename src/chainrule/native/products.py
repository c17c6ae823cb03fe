"""Products of matrices, blocked for registers: the results of a block stay in registers while the sum runs.

    result[m, c] = Σₖ A[m, k]·B[k, c]

A is read number by number, each spread over a vector, so it may lie in any order; B and the result share the order of
their columns. An epilogue gets the block while it is in registers: bias, activation, loss, update.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chainrule.native.ir import Builder, Index, Value
from chainrule.native.storage import Group
from chainrule.native.team import Team

UNROLLED = (2, 1)  # terms of the sum in each turn of its loop: the largest of these that divides it


@dataclass(frozen=True)
class Block:
    """Part of the result: `count` rows from `row`, the columns of one panel.

    column   of the panel, counted from the group's start
    values   [row][vector] of the product; empty where there is none
    """

    row: Index
    count: int
    group: Group
    column: Index
    values: Sequence[list[Value]] = ()


@dataclass(frozen=True)
class Factor:
    """A: where it starts, and how far apart its rows and its columns are."""

    pointer: Value
    row_stride: int
    column_stride: int


Panel = Callable[[Group, Index], tuple[Value, int]]  # B's columns of a panel: pointer, and how far apart its rows are


def most_rows(b: Builder, vectors: int) -> int:
    """Rows of a block: its results, the vectors of B and one number of A fit into the registers."""
    return (b.target.registers - 1 - vectors) // vectors if vectors > 1 else min(16, b.target.registers - 4)


def equal_size(total: int, largest: int) -> int:
    """Of blocks of at most `largest` that are as equal as they can be."""
    return -(-total // -(-total // largest))


def in_blocks(
    b: Builder,
    rows: int,
    groups: list[Group],
    largest: Callable[[int], int],
    write: Callable[[Block], None],
    team: Team,
    divisible: bool,
) -> None:
    """Write code for every block of rows and columns; the blocks of rows are as equal as they can be.

    Threads have different panels; where there are too few, different rows, if they may (`divisible`).
    """
    one = Team(b)
    for group in groups:
        by_panels = group.count >= team.threads
        by_rows = divisible and not by_panels
        width = group.vectors * b.width
        size = equal_size(rows, largest(group.vectors))
        with (
            one.share(group.count) if by_rows else team.share(group.count) as (start, stop),
            b.loop(b.times(stop, width), width, b.times(start, width)) as panels,
        ):
            sharing = team if by_rows else one
            with (
                sharing.share(rows // size) as (first, last),
                b.loop(b.times(last, size), size, b.times(first, size)) as places,
            ):
                write(Block(places.index, size, group, panels.index))
            if rows % size:
                with sharing.alone():
                    write(Block(rows // size * size, rows % size, group, panels.index))


def product(b: Builder, terms: int, a: Factor, panel: Panel, block: Block) -> Block:
    """The block with its values."""
    pointer, stride = panel(block.group, block.column)
    left = b.address(a.pointer, (block.row, a.row_stride))
    vectors, plain = range(block.group.vectors), b.of(1)
    at_once = next(n for n in UNROLLED if terms % n == 0)
    with b.loop(terms, at_once) as sums:
        carried = [[sums.carry(b, "zeroinitializer") for _ in vectors] for _ in range(block.count)]
        totals = [list(row) for row in carried]
        for k in range(at_once):
            right = [b.load(b.address(pointer, (sums.index, stride), k * stride + v * b.width)) for v in vectors]
            for m in range(block.count):
                number = plain.load(
                    b.address(left, (sums.index, a.column_stride), m * a.row_stride + k * a.column_stride)
                )
                spread = b.splat(number)
                for v in vectors:
                    first = sums.runs_once and k == 0
                    totals[m][v] = b.mul(spread, right[v]) if first else b.fma(spread, right[v], totals[m][v])
        for row, new in zip(carried, totals, strict=True):
            for before, after in zip(row, new, strict=True):
                sums.pass_on(before, after)
    return Block(block.row, block.count, block.group, block.column, totals)
