"""Between the caller's arrays and the scratch memory of a step."""

from __future__ import annotations

from chainrule.native.compiled import Task, argument
from chainrule.native.graph import Node
from chainrule.native.ir import Builder, Index, Value
from chainrule.native.placing import Places
from chainrule.native.storage import Matrix, items
from chainrule.native.team import Team
from chainrule.native.transpose import transpose


def copy_numbers(b: Builder, source: Value, target: Value, count: int) -> None:
    """Contiguous numbers, and not one more."""
    whole = count // b.width * b.width
    if whole:
        with b.loop(whole, b.width) as loop:
            b.store(b.load(b.address(source, loop.index)), b.address(target, loop.index))
    if count % b.width:
        plain = b.of(1)
        with plain.loop(count, start=whole) as loop:
            plain.store(plain.load(b.address(source, loop.index)), b.address(target, loop.index))


def bring(task: Task, b: Builder, places: Places, leaf: Node, back: bool) -> None:
    """A parameter or a state from the caller's array into ours, or back."""
    outside = argument(task, leaf)
    if leaf in places.plain:
        inside = b.address("%scratch", places.plain[leaf].offset)
        copy_numbers(b, *((inside, outside) if back else (outside, inside)), items(leaf.shape))
        return
    ours, (outputs, inputs) = places.panels[leaf].matrix, leaf.shape
    theirs = Matrix(outside, 0, outputs, inputs, b.width, in_panels=False)
    transpose(b, *((ours, theirs) if back else (theirs, ours)), Team(b))


def fetch(task: Task, b: Builder, places: Places, leaves: list[Node], row: Index, team: Team) -> None:
    """A step's rows of the data into our memory, indices as numbers."""
    if not leaves:
        return
    plain = b.of(1)
    with team.share(task.batch) as (start, stop), b.loop(stop, start=start) as samples:
        place = b.plus(b.times(row, task.batch), samples.index)
        named = places.gathered and any(leaf.op == "data" for leaf in leaves)
        chosen = b.load_index(b.address("%order", place, element="i64")) if named else samples.index
        for leaf in leaves:
            ours, source = places.rows[leaf], argument(task, leaf)
            sample = chosen if leaf.op == "data" else place
            with b.loop(items(ours.lead)) as inner:
                at = ((sample, items(leaf.shape)), (inner.index, ours.length))
                target = ours.row(b, b.plus(b.times(samples.index, items(ours.lead)), inner.index))
                if leaf.kind == "float":
                    copy_numbers(b, b.address(source, *at), target, ours.length)
                    continue
                with b.loop(ours.length) as numbers:
                    whole = b.load_index(b.address(source, *at, numbers.index, element="i64"))
                    number = b.cast("sitofp", whole, "i64", b.number)
                    plain.store(number, b.address(target, numbers.index))
