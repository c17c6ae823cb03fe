"""The backward pass: the same nodes again, walked from the loss back to the leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.native.forms.site import Adjoint
from chainrule.native.graph import Graph, Node
from chainrule.step import Argument, Call, Value


@dataclass(frozen=True, slots=True)
class Recorded:
    """A call with the way back from the gradient of its result to those of its arguments."""

    call: Call
    adjoint: Adjoint


def gradients(graph: Graph, recorded: Sequence[Recorded], root: int) -> dict[int, Node]:
    """{index of a Value: gradient of the loss}, for every leaf that a gradient reaches; `root` is the loss's index."""
    flows = {root: graph.constant(1.0)}
    for made in reversed(recorded):
        upstream = flows.pop(made.call.output.index, None)
        if upstream is not None:
            graph.place = made.call.where
            for name, gradient in made.adjoint(upstream).items():
                add(graph, flows, made.call.arguments[name], gradient)
    return flows


def add(graph: Graph, flows: dict[int, Node], argument: Argument, gradient: Any) -> None:
    """A value that is used twice gets the sum of what both uses send."""
    if isinstance(argument, list | tuple):
        for part, of_part in zip(argument, gradient, strict=True):
            add(graph, flows, part, of_part)
    elif isinstance(argument, Value) and argument.requires_grad:
        before = flows.get(argument.index)
        flows[argument.index] = gradient if before is None else graph("add", before, gradient)
