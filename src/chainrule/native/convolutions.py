"""Convolutions with samples innermost: sums over the places of the kernel, blocked for registers, without patches.

    conv2d        y[f, o] = Σ w[f, c, k]·x[c, i]   over channels c and the meetings (o, k, i) of o (images.meetings)
    conv2d_input  the same with o and i, and f and c, exchanged
    conv2d_weight w[f, c, k] = Σ g[f, o]·x[c, i]   over samples and the meetings of k

A number of the weights is spread over a vector of samples; a block of channels and one or two such vectors stay in
registers while a sum runs. In the gradient of the weights every lane sums its own samples, and lanes are added last.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from chainrule.native.columns import Chains, Spot
from chainrule.native.graph import Node
from chainrule.native.images import meetings
from chainrule.native.ir import Builder, Index, Loop, Value
from chainrule.native.memory import Array
from chainrule.native.placing import Places
from chainrule.native.products import Block, equal_size, in_blocks, most_rows
from chainrule.native.schedule import Kernel
from chainrule.native.storage import panel_groups
from chainrule.native.tables import Tables
from chainrule.native.team import Team

TWO = 2  # channels of the image in a block of the weights' gradient
ZEROS = "zeroinitializer"


def met(node: Node) -> tuple[Array, Array, Array]:
    """The meetings of a convolution: places of its forward result, of the kernel, of the image."""
    first, second = (part.shape for part in node.inputs)
    image, weight, out = {
        "conv2d": (first, second, node.shape),
        "conv2d_input": (node.shape, second, first),
        "conv2d_weight": (second, node.shape, first),
    }[node.op]
    result, tap, place = meetings(image[1:], out[1:], weight[2:], node["stride"], node["padding"], node["dilation"]).T
    return result, tap, place


def pieces(total: int, largest: int) -> list[tuple[int, int, int]]:
    """(start, count, size) of blocks as equal as they can be, and of the rest."""
    size = equal_size(total, largest)
    whole = total // size
    return [(0, whole, size), *([(whole * size, 1, total % size)] if total % size else [])]


@dataclass(frozen=True)
class Sums:
    """The sums of conv2d or conv2d_input, for each group of channels.

    source, weight       what is read
    rows, terms          channels of a group in the result, and in the source
    group, down, along   how far apart groups, rows and terms are in the weights
    starts, table        of each number's meetings: where they start, and (place, tap) of each
    same                 how many meetings every number has, 0 if that differs
    empty                where a table starts that says which numbers have no meeting, 0 if all have one
    """

    source: Node
    weight: Node
    rows: int
    terms: int
    group: int
    down: int
    along: int
    starts: int
    table: int
    same: int
    empty: int

    @staticmethod
    def of(node: Node, lanes: int, tables: Tables) -> Sums:
        (source, w), groups, plane = node.inputs, node["groups"], prod(node.shape[1:])
        outs, taps, places = met(node)
        one, kernel = prod(w.shape[1:]), prod(w.shape[2:])
        forward = node.op == "conv2d"
        target, place = (outs, places) if forward else (places, outs)
        counts = np.bincount(target, minlength=plane)
        by_target = np.split(np.argsort(target, kind="stable"), np.cumsum(counts)[:-1])
        # a loop makes its first turn always: a number without meetings has one, whose sum is not used
        found = [[(place[i] * lanes, taps[i]) for i in some] or [(0, 0)] for some in by_target]
        return Sums(
            source,
            w,
            node.shape[0] // groups,
            source.shape[0] // groups,
            w.shape[0] // groups * one,
            *((one, kernel) if forward else (kernel, one)),
            starts=tables.keep(np.cumsum([0, *map(len, found)])),
            table=tables.keep(np.array([pair for some in found for pair in some])),
            same=int(counts[0]) if (counts == counts[0]).all() else 0,
            empty=0 if counts.all() else tables.keep(counts == 0),
        )


@dataclass
class Convolutions:
    """Writes convolutions."""

    places: Places
    tables: Tables
    chains: Chains
    team: Team

    @property
    def b(self) -> Builder:
        return self.places.innermost

    # ---------------------------------------------------------------- the result, and the gradient of the image

    def result(self, kernel: Kernel) -> None:
        """conv2d or conv2d_input, with what follows it."""
        b, batch = self.b, self.places.task.batch
        sums = Sums.of(kernel.root, b.width, self.tables)
        plane = prod(kernel.root.shape[1:])

        def write(group: Index, block: Block) -> None:
            sample, channel = b.plus(block.column, block.group.start), b.plus(block.row, b.times(group, sums.rows))
            with self.team.share(plane) as (start, stop), b.loop(stop, start=start) as numbers:
                spot = Spot(sample, channel, numbers.index)
                for m, row in enumerate(self.totals(sums, group, block, sample, numbers.index)):
                    for v, total in enumerate(row):
                        self.chains.write(kernel, spot, {kernel.root: total}, tile=v, channel=m)

        with b.loop(kernel.root["groups"]) as groups:
            in_blocks(
                b,
                sums.rows,
                panel_groups(batch, b.width),
                lambda vectors: most_rows(b, vectors),
                lambda block: write(groups.index, block),
                Team(b),  # threads have different numbers of the plane
                divisible=True,
            )

    def totals(self, sums: Sums, group: Index, block: Block, sample: Index, number: Index) -> list[list[Value]]:
        """[channel][vector] for one number of the plane: Σ over the channels of the source and the meetings."""
        b, plain, vectors = self.b, self.b.of(1), range(block.group.vectors)
        ours, plane = self.places.columns[sums.source], prod(sums.source.shape[1:])
        image = ours.at(b, sample, (group, sums.terms * plane))
        offset = self.places.plain[sums.weight].offset
        weight = b.address("%scratch", offset, (group, sums.group), (block.row, sums.down))
        start = self.tables.read(sums.starts, number)
        stop = b.plus(start, sums.same) if sums.same else self.tables.read(sums.starts, number, 1)
        with b.loop(sums.terms) as terms:
            outer = [[terms.carry(b, ZEROS) for _ in vectors] for _ in range(block.count)]
            pixels = b.address(image, (terms.index, plane * b.width))
            numbers = b.address(weight, (terms.index, sums.along))
            with b.loop(stop, start=start) as meetings:
                inner = [[meetings.carry(b, x) for x in row] for row in outer]
                place, tap = (self.tables.read(sums.table, b.times(meetings.index, 2), k) for k in (0, 1))
                pixel, found = b.address(pixels, place), b.address(numbers, tap)
                xs = [b.load(b.address(pixel, v * ours.numbers * b.width)) for v in vectors]
                new = []
                for m, row in enumerate(inner):
                    spread = b.splat(plain.load(b.address(found, m * sums.down)))
                    new.append([b.fma(spread, x, before) for x, before in zip(xs, row, strict=True)])
                hand_on(meetings, inner, new)
            hand_on(terms, outer, new)
        if sums.empty:
            none = b.value(f"icmp ne i64 {self.tables.read(sums.empty, number)}, 0")
            new = [[b.value(f"select i1 {none}, {b.type} {ZEROS}, {b.type} {x}") for x in row] for row in new]
        return new

    # ---------------------------------------------------------------- the gradient of the weights

    def weights(self, node: Node) -> None:
        """A vector of sums for each weight; its lanes, which are samples, are added last."""
        b, batch, partial = self.b, self.places.task.batch, self.places.partial[node]
        runs = Runs.of(node, b.width, self.tables)
        filters, width = node.shape[0] // node["groups"], min(TWO, node.shape[1])
        largest = min(most_rows(b, width), -(-filters // self.team.threads))
        with self.team.alone(), b.loop(prod(node.shape)) as numbers:
            b.store(ZEROS, b.address("%scratch", partial, (numbers.index, b.width)))
        self.team.meet()
        whole = batch // b.width * b.width
        for first, last in ((0, whole), (whole, batch)):
            if first == last:
                continue
            with b.loop(last, b.width, first) as samples, b.loop(runs.rows) as row, b.loop(node["groups"]) as group:
                start, stop = (self.tables.read(runs.starts, row.index, k) for k in (0, 1))
                for at, count, size in pieces(filters, largest):
                    with (
                        self.team.share(count) as (begin, end),
                        b.loop(end, start=begin) as blocks,
                        b.loop(stop, start=start) as run,
                    ):
                        filter_ = b.plus(b.plus(b.times(group.index, filters), b.times(blocks.index, size)), at)
                        for channel, several, channels in pieces(node.shape[1], width):
                            with b.loop(several) as others:
                                c = b.plus(b.times(others.index, channels), channel)
                                patch = Patch(samples.index, group.index, filter_, size, c, channels, last - first)
                                self.run(node, runs, run.index, patch)
        self.team.meet()
        with self.team.alone(), b.loop(prod(node.shape)) as numbers:
            total = b.total(b.load(b.address("%scratch", partial, (numbers.index, b.width))))
            b.of(1).store(total, b.address("%scratch", self.places.plain[node].offset, numbers.index))

    def run(self, node: Node, runs: Runs, run: Index, block: Patch) -> None:
        """Add one run of meetings to the sums of a block of filters and channels."""
        b, (g, x), channels, kernel = self.b, node.inputs, node.shape[1], prod(node.shape[2:])
        entry = b.times(run, Runs.ENTRY)
        tap, out, pixel, count = (self.tables.read(runs.table, entry, k) for k in range(Runs.ENTRY))
        gs, xs = self.places.columns[g], self.places.columns[x]
        planes = prod(g.shape[1:]), prod(x.shape[1:])
        upstream = b.address(gs.at(b, block.sample, (block.filter, planes[0])), out)
        first = b.plus(b.times(block.group, channels), block.channel)
        image = b.address(xs.at(b, block.sample, (first, planes[1])), pixel)
        sums = b.address(
            "%scratch",
            self.places.partial[node],
            (block.filter, channels * kernel * b.width),
            (block.channel, kernel * b.width),
            (tap, b.width),
        )

        def place(f: int, c: int) -> Value:
            return b.address(sums, (f * channels + c) * kernel * b.width)

        before = [[b.load(place(f, c)) for c in range(block.channels)] for f in range(block.filters)]
        with b.loop(count) as meetings:
            carried = [[meetings.carry(b, total) for total in row] for row in before]
            at_g, at_x = b.address(upstream, (meetings.index, b.width)), b.address(image, (meetings.index, runs.step))
            pixels = [
                self.inside(b.load(b.address(at_x, c * planes[1] * b.width)), block) for c in range(block.channels)
            ]
            new = []
            for f, row in enumerate(carried):
                slope = self.inside(b.load(b.address(at_g, f * planes[0] * b.width)), block)
                new.append([b.fma(slope, number, total) for number, total in zip(pixels, row, strict=True)])
            hand_on(meetings, carried, new)
        for f, row in enumerate(new):
            for c, total in enumerate(row):
                b.store(total, place(f, c))

    def inside(self, x: Value, block: Patch) -> Value:
        """0 in the lanes past the last sample."""
        return x if block.samples >= self.b.width else self.b.select(self.b.first_lanes(block.samples), x, ZEROS)


@dataclass(frozen=True)
class Patch:
    """Weights whose gradients are summed together, and the samples: the first, and how many of its vector count."""

    sample: Index
    group: Index
    filter: Index
    filters: int
    channel: Index  # inside the group
    channels: int
    samples: int


@dataclass(frozen=True)
class Runs:
    """Meetings of one place of the kernel with places side by side in one row of the result.

    rows, starts   so many rows have runs, and a table says where those of each start
    table          (place of the kernel, first place of the result, first of the image, how many) of each run
    step           how far apart the places in the image are
    """

    rows: int
    starts: int
    table: int
    step: int

    ENTRY: ClassVar = 4

    @staticmethod
    def of(node: Node, lanes: int, tables: Tables) -> Runs:
        outs, taps, places = met(node)
        rows = outs // node.inputs[0].shape[2]
        order = np.lexsort((outs, taps, rows))
        outs, taps, places, rows = outs[order], taps[order], places[order], rows[order]
        new = np.flatnonzero(np.diff(rows, prepend=-1) | np.diff(taps, prepend=-1))
        counts = np.diff(new, append=len(rows))
        starts = np.flatnonzero(np.diff(rows[new], prepend=-1))
        return Runs(
            len(starts),
            tables.keep(np.array([*starts, len(new)])),
            tables.keep(np.stack([taps[new], outs[new] * lanes, places[new] * lanes, counts], axis=1)),
            node["stride"][1] * lanes,
        )


def hand_on(loop: Loop, before: list[list[Value]], after: list[list[Value]]) -> None:
    for old, new in zip(before, after, strict=True):
        for carried, value in zip(old, new, strict=True):
            loop.pass_on(carried, value)
