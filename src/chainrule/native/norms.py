"""Norms of gradients, without what lies beyond the numbers of an array."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.native.graph import Node
from chainrule.native.ir import Builder, Value
from chainrule.native.placing import Places
from chainrule.native.unrolled import combined

Span = tuple[int, int, int, int]  # where it starts, how many vectors, how far apart, how many lanes of each count


def spans(b: Builder, places: Places, gradient: Node) -> Iterator[Span]:
    if gradient in places.schedule.panels:
        ours = places.panels[gradient]
        for group in ours.matrix.groups:
            for v in range(group.vectors):
                start = ours.offset + group.start * ours.rows + v * b.width
                yield start, ours.rows * group.count, group.vectors * b.width, ours.matrix.inside(group, v)
    else:
        plain = places.plain[gradient]
        whole = plain.size // b.width
        yield plain.offset, whole, b.width, b.width
        yield plain.offset + whole * b.width, 1, b.width, plain.size % b.width


def norm(b: Builder, places: Places, gradient: Node) -> Value:
    """The Euclidean norm of a gradient, a plain number."""
    pieces = []
    for start, count, stride, lanes in spans(b, places, gradient):
        if count and lanes:
            with b.loop(count) as loop:
                total = loop.carry(b, "zeroinitializer")
                x = b.load(b.address("%scratch", start, (loop.index, stride)))
                if lanes < b.width:
                    x = b.select(b.first_lanes(lanes), x, "zeroinitializer")
                new = b.fma(x, x, total)
                loop.pass_on(total, new)
            pieces.append(new)
    return b.of(1).math("sqrt", b.total(combined(b, "add", pieces)))
