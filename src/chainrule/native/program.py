"""One whole training step as a graph: forward, backward and update."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from chainrule.formula import Formula
from chainrule.native.graph import LEAVES, Node, reached, result


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number that the host computes in float64 for every step: the learning rate, a correction of bias.

    name      of its leaf; the formula as text and the parameter group's number
    formula   in the optimizer's settings and t, the number of the step from 1
    group     which parameter group's settings it reads
    """

    name: str
    formula: Formula
    group: int


@dataclass(frozen=True, eq=False)
class Program:
    """A training step. Everything below reads this and nothing else. Programs that say the same are equal.

    loss        over one, shape ()
    gradients   {parameter leaf: its gradient}
    writes      {parameter or state leaf: what it becomes}; all of them are read before any is written
    scalars     in the order of the columns of Memory.scalars
    nodes       all that these depend on and nothing else, inputs before users, leaves where they are first needed
    """

    loss: Node
    gradients: dict[Node, Node]
    writes: dict[Node, Node]
    scalars: tuple[Scalar, ...] = ()
    nodes: tuple[Node, ...] = field(init=False)

    def __post_init__(self) -> None:
        wanted = [self.loss, *self.gradients, *self.gradients.values(), *self.writes, *self.writes.values()]
        object.__setattr__(self, "nodes", tuple(sorted(reached(wanted), key=lambda node: node.index)))

    def leaves(self, op: str) -> Iterator[Node]:
        """The leaves of one sort, in order."""
        return (node for node in self.nodes if node.op == op)

    def __reduce__(self) -> tuple[Any, ...]:
        """For another process: node by node, since a graph that refers to itself deeply cannot be pickled at once."""
        rows = [(n.index, n.op, [part.index for part in n.inputs], *row_of(n)) for n in self.nodes]
        pairs = [[(a.index, b.index) for a, b in d.items()] for d in (self.gradients, self.writes)]
        return rebuilt, (rows, self.loss.index, *pairs, self.scalars)

    @cached_property
    def _said(self) -> tuple[str, tuple[Scalar, ...]]:
        return str(self), self.scalars

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Program) and self._said == other._said

    def __hash__(self) -> int:
        return hash(self._said)

    def __str__(self) -> str:
        lines = [str(node) for node in self.nodes if node.op != "constant"]
        lines.append(f"loss {self.loss.name}")
        lines += [f"gradient {leaf.name}: {node.name}" for leaf, node in self.gradients.items()]
        lines += [f"write {leaf.name} <- {node.name}" for leaf, node in self.writes.items()]
        return "\n".join(lines)


def row_of(node: Node) -> tuple[Any, ...]:
    return node.shape, node.over, node.kind, node.attributes, node.place


def rebuilt(
    rows: list[Any],
    loss: int,
    gradients: list[tuple[int, int]],
    writes: list[tuple[int, int]],
    scalars: tuple[Scalar, ...],
) -> Program:
    nodes: dict[int, Node] = {}
    for index, op, inputs, *rest in rows:
        nodes[index] = Node(index, op, tuple(nodes[part] for part in inputs), *rest)
    by_leaf, by_target = ({nodes[a]: nodes[b] for a, b in pairs} for pairs in (gradients, writes))
    return validate(Program(nodes[loss], by_leaf, by_target, scalars))


def validate(program: Program) -> Program:
    """The program itself, proved well formed; to be called after every pass. Raises ValueError."""
    seen: dict[int, Node] = {}
    made: set[tuple[object, ...]] = set()
    for node in program.nodes:
        fault = None
        key = (node.op, node.inputs, node.shape, repr(node.attributes))
        if key in made:
            fault = "was made before"
        elif node.index in seen:
            fault = f"has the number of {seen[node.index]}"
        elif any(seen.get(part.index) is not part for part in node.inputs):
            fault = "comes before one of its inputs"
        elif node.is_leaf:
            fault = None if not node.inputs and node.over == LEAVES[node.op] else "is no proper leaf"
        elif (node.shape, node.over, node.kind) != result(node.op, node.inputs, dict(node.attributes)):
            fault = f"should be {result(node.op, node.inputs, dict(node.attributes))}"
        if fault:
            raise ValueError(f"{node} {fault}")
        seen[node.index] = node
        made.add(key)
    names = [leaf["name"] for leaf in program.nodes if leaf.is_leaf and leaf.op != "constant"]
    if len(names) != len(set(names)):
        raise ValueError(f"two leaves have one name: {sorted(names)}")
    if program.loss.shape != () or program.loss.over != "one":
        raise ValueError(f"the loss is {program.loss}")
    if [scalar.name for scalar in program.scalars] != list(dict.fromkeys(scalar.name for scalar in program.scalars)):
        raise ValueError("two scalars have one name")
    missing = {leaf["name"] for leaf in program.leaves("scalar")} - {scalar.name for scalar in program.scalars}
    if missing:
        raise ValueError(f"nothing says how to compute {missing}")
    for target, node in (*program.gradients.items(), *program.writes.items()):
        if target.op not in ("parameter", "state") or (node.shape, node.over) != (target.shape, "one"):
            raise ValueError(f"{target} is given {node}")
    return program
