"""A matrix from one order in memory into another, block by block of registers."""

from __future__ import annotations

from chainrule.native.ir import Builder, Value
from chainrule.native.storage import Matrix
from chainrule.native.team import Team


def turned(b: Builder, rows: list[Value]) -> list[Value]:
    """The columns of a square of as many rows as lanes: halves, quarters, … of the rows change places."""
    distance = b.width // 2
    while distance:
        exchanged = list(rows)
        for upper in range(b.width):
            if upper & distance:
                continue
            lower = upper | distance
            keep = [lane if not lane & distance else b.width + (lane ^ distance) for lane in range(b.width)]
            move = [lane | distance if not lane & distance else b.width + lane for lane in range(b.width)]
            exchanged[upper] = b.shuffle(rows[upper], rows[lower], keep)
            exchanged[lower] = b.shuffle(rows[upper], rows[lower], move)
        rows = exchanged
        distance //= 2
    return rows


def write_square(b: Builder) -> None:
    """The body of a function that transposes one square of as many rows as lanes."""
    rows = [b.load(b.address("%source", ("%source_stride", k))) for k in range(b.width)]
    for k, column in enumerate(turned(b, rows)):
        b.store(column, b.address("%target", ("%target_stride", k)))


def transpose(b: Builder, source: Matrix, target: Matrix, team: Team) -> None:
    """target[c, r] = source[r, c]; nothing outside the matrices is read or written."""
    plain, square = b.of(1), f"transpose_{b.width}x{b.width}"
    arguments = ["ptr noalias %source", "i64 %source_stride", "ptr noalias %target", "i64 %target_stride"]
    b.helper(square, arguments, write_square)
    for left in source.groups:
        width = left.vectors * b.width
        with (
            team.share(left.count) as (start, stop),
            b.loop(b.times(stop, width), width, b.times(start, width)) as across,
        ):
            for right in target.groups:
                with b.loop(right.count * right.vectors * b.width, right.vectors * b.width) as down:
                    for v in range(left.vectors):
                        for w in range(right.vectors):
                            columns, rows = source.inside(left, v), target.inside(right, w)
                            above, beside = right.start + w * b.width, left.start + v * b.width
                            if columns == rows == b.width:
                                one = source.at(b, *source.terms(left, across.index, v, down.index, above))
                                other = target.at(b, *target.terms(right, down.index, w, across.index, beside))
                                strides = source.row_stride(left), target.row_stride(right)
                                b.write(
                                    f"call void @{square}(ptr {one}, i64 {strides[0]}, ptr {other}, i64 {strides[1]})"
                                )
                            elif columns and rows:
                                with b.loop(rows) as r, b.loop(columns) as c:
                                    row, column = b.plus(down.index, r.index), b.plus(across.index, c.index)
                                    one = source.at(b, *source.terms(left, across.index, v, row, above), c.index)
                                    other = target.at(b, *target.terms(right, down.index, w, column, beside), r.index)
                                    plain.store(plain.load(one), other)
