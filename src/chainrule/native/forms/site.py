"""Where a form is made: a recorded call with nodes in place of its tensors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NoReturn, Protocol, TypeAlias

from torch import Tensor

from chainrule.native.graph import CannotLower, Graph, Node, Shape
from chainrule.step import Call, Value, map_argument

# From the gradient of the result to that of every argument a gradient flows to; a list where the argument is one.
# A gradient has the shape of what it belongs to, or one that broadcasts to it.
Adjoint: TypeAlias = Callable[[Node], "dict[str, Any]"]
Made: TypeAlias = "tuple[Node, Adjoint]"


class Leaves(Protocol):
    """Where a form gets arrays from that are no argument of its call."""

    def fixed(self, name: str, numbers: Any) -> Node:
        """A leaf for an array that never changes."""

    def mask(self, shape: Shape, p: float) -> Node:
        """A leaf for a dropout mask: 1/(1 − p) with probability 1 − p, else 0."""

    def whole(self, leaf: Node) -> Tensor:
        """All rows of the user's array of which a data leaf is a row."""


class Site:
    """A call's arguments as nodes and literals: `s.input`, `s.dim`. Operations are made by `s("add", a, b)`.

    call      as it was recorded
    samples   in the batch it was recorded with
    """

    def __init__(self, graph: Graph, call: Call, samples: int, node_of: Callable[[Value], Node], leaves: Leaves):
        self.graph, self.call, self.samples, self.leaves = graph, call, samples, leaves
        self._node_of = node_of

    def __call__(self, op: str, *operands: Node | float, **attributes: Any) -> Node:
        return self.graph(op, *operands, **attributes)

    def __getattr__(self, name: str) -> Any:
        try:
            argument = self.call.arguments[name]
        except KeyError:
            raise AttributeError(name) from None
        return map_argument(lambda part: self._node_of(part) if isinstance(part, Value) else part, argument)

    def refuse(self, reason: str) -> NoReturn:
        raise CannotLower(reason, self.call.name, self.call.where)

    def need(self, condition: bool, reason: str) -> None:
        if not condition:
            self.refuse(reason)

    # ------------------------------------------------------------ axes

    def over_batch(self, shape: Shape) -> bool:
        """Whether a result of this shape, of an operation on a batch, has its samples in front."""
        return bool(shape) and shape[0] == self.samples

    def axis(self, dim: int, node: Node) -> int:
        """torch's axis as one inside a sample. Refuses the axis of the samples."""
        rank = len(node.shape) + (node.over == "batch")
        axis = dim % rank - (node.over == "batch") if rank else 0
        self.need(axis >= 0, "it works along the axis of the samples")
        return axis

    def inside(self, shape: Shape, node: Node) -> Shape:
        """A shape that torch gives to a result of `node` without the axis of the samples."""
        if node.over == "one":
            return tuple(shape)
        self.need(self.over_batch(tuple(shape)), "it moves the axis of the samples")
        return tuple(shape[1:])

    def operands(self, *nodes: Node) -> list[Node]:
        """Nodes that torch aligns with their samples in front, so that they align inside a sample too.

        (samples, 1) against (samples,) would meet every sample with every other.
        """
        ranks = {len(node.shape) for node in nodes if node.over == "batch"}
        if not ranks:
            return list(nodes)
        self.need(len(ranks) == 1, "it meets every sample with every other one (shapes that broadcast)")
        rank = ranks.pop()
        return [self._without_samples(node, rank) for node in nodes]

    def _without_samples(self, node: Node, rank: int) -> Node:
        if node.over == "batch" or len(node.shape) <= rank:
            return node
        self.need(len(node.shape) == rank + 1 and node.shape[0] == 1, "a fixed array has an entry for each sample")
        return self("reshape", node, shape=node.shape[1:])

    def need_within(self, index: Node, count: int) -> None:
        """Refuses indices of which one, in any row of the data, is not in 0 … count − 1: PyTorch says what is wrong."""
        while not index.is_leaf:
            index = index.inputs[0]
        numbers = self.leaves.whole(index)
        low, high = (int(bound) for bound in numbers.aminmax()) if numbers.numel() else (0, 0)
        self.need(low >= 0 and high < count, f"indices from {low} to {high} for {count} rows or classes")

    # ------------------------------------------------------------ gradients

    def full(self, g: Node, output: Node) -> Node:
        """The gradient in the shape of the result, and over the batch where that is."""
        self.need(g.over == output.over, "its gradient is the same for every sample")
        return self("broadcast", g, shape=output.shape)

    def sum_to(self, g: Node, output: Node, target: Node) -> Node:
        """The gradient of an operand that was broadcast to the shape of the result, from that of the result."""
        if target.over == output.over and target.shape == output.shape:
            return g
        g = self("broadcast", g, shape=output.shape)
        lead = len(output.shape) - len(target.shape)
        axes = tuple(
            axis for axis, size in enumerate(output.shape) if axis < lead or (target.shape[axis - lead] == 1 != size)
        )
        g = self("reshape", self("sum", g, axes=axes, keepdims=False), shape=target.shape)
        if target.over == output.over:
            return g
        return self("batch_sum", g) if g.over == "batch" else self("mul", g, self.samples)

    def total(self, node: Node) -> Node:
        """The sum of all numbers, of all samples."""
        inside = self("sum", node, axes=tuple(range(len(node.shape))), keepdims=False)
        return self("batch_sum", inside) if node.over == "batch" else inside

    def count(self, node: Node) -> int:
        """How many numbers there are, in all samples."""
        return math.prod(node.shape) * (self.samples if node.over == "batch" else 1)
