"""Elementwise operations on columns: a chain of them for each vector of samples, its values in registers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod

from chainrule.native.graph import Node
from chainrule.native.ir import Builder, Index, Term, Value
from chainrule.native.placing import Places
from chainrule.native.schedule import Kernel, by_channel
from chainrule.native.team import Team
from chainrule.native.unrolled import elementwise

AT_ONCE = (4, 2, 1)  # numbers of a plane in each turn of a loop: the largest of these that divides it


@dataclass(frozen=True)
class Spot:
    """Vectors of samples in a result: the first sample, the first channel and the number in its plane.

    starts   where the numbers of nodes lie that were met here before
    """

    sample: Index
    channel: Index
    number: Index
    starts: dict[Node, Value] = field(default_factory=dict)


@dataclass
class Chains:
    """Writes chains. `number` is a value of shape () over one, in every lane of the widest vectors."""

    places: Places
    number: Callable[[Node], Value]

    @property
    def b(self) -> Builder:
        return self.places.innermost

    def kernel(self, kernel: Kernel, team: Team) -> None:
        """A kernel of elementwise operations only."""
        b, shape = self.b, kernel.root.shape
        channels, plane = shape[0] if shape else 1, prod(shape[1:])
        at_once = next(count for count in AT_ONCE if plane % count == 0)
        with (
            b.loop(self.places.task.batch, b.width) as samples,
            team.share(channels) as (start, stop),
            b.loop(stop, start=start) as channel,
            b.loop(plane, at_once) as numbers,
        ):
            spot = Spot(samples.index, channel.index, numbers.index)
            for k in range(at_once):
                self.write(kernel, spot, {}, number=k)

    def write(
        self, kernel: Kernel, spot: Spot, values: dict[Node, Value], tile: int = 0, channel: int = 0, number: int = 0
    ) -> None:
        """What of a kernel is not in `values`, for one vector: so many tiles, channels and numbers from the spot."""
        for node in kernel.nodes:
            if node not in values:
                operands = [
                    values[part] if part in values else self.operand(kernel, part, spot, tile, channel, number)
                    for part in node.inputs
                ]
                values[node] = elementwise(self.b, node, *operands)
            if node in self.places.stored:
                self.b.store(values[node], self.at(kernel, node, spot, tile, channel, number))

    def operand(self, kernel: Kernel, part: Node, spot: Spot, tile: int, channel: int, number: int) -> Value:
        b = self.b
        if part.over == "one" and part.shape == ():
            return b.splat(self.places.b.lane(self.number(part), 0))
        at = self.at(kernel, part, spot, tile, channel, number)
        return b.load(at) if part in self.places.columns else b.load_all(at)

    def at(self, kernel: Kernel, part: Node, spot: Spot, tile: int, channel: int, number: int) -> Value:
        b, shape = self.b, kernel.root.shape
        channels, whole = by_channel(part.shape, shape), part.shape == shape
        plane = prod(part.shape[1:])
        moving: list[Term] = [(spot.channel, plane)] if channels else []
        moving += [spot.number] if whole else []
        fixed = channel * plane * channels + number * whole
        if part in self.places.columns:
            ours = self.places.columns[part]
            if part not in spot.starts:
                spot.starts[part] = ours.at(b, spot.sample, *moving)
            return b.address(spot.starts[part], (tile * ours.numbers + fixed) * ours.lanes)
        if part not in spot.starts:
            spot.starts[part] = b.address("%scratch", self.places.plain[part].offset, *moving)
        return b.address(spot.starts[part], fixed)
