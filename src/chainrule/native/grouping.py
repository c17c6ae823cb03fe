"""Parameters whose updates are the same formula: the lanes of one vector may hold numbers of several."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TypeAlias

from chainrule.native.compiled import Task
from chainrule.native.graph import BATCH_TO_ONE, ELEMENTWISE, CannotLower, Node, reached

Element: TypeAlias = tuple[Node, int]  # a number of a parameter, a state or a sum over samples, and its flat index


@dataclass
class Group:
    """Parameters whose updates are the same formula, written once for all.

    slots   for each place where the formula reads numbers of the parameter's shape: the node of every member
    writes  the formula's results: (slot that is replaced, node as the first member has it)
    """

    slots: list[list[Node]]
    writes: list[tuple[int, Node]]

    def elements(self, slot: int) -> list[Element]:
        return [(node, i) for node in self.slots[slot] for i in range(prod(node.shape))]


def form(node: Node, like: tuple[int, ...], slots: list[Node], late: set[Node]) -> tuple[object, ...]:
    """An update as a formula: numbers of the parameter's shape are slots; equal forms are updated together."""
    own = node.is_leaf or node.op in BATCH_TO_ONE
    if node.op in ("constant", "scalar"):
        return (node.index,)
    if own and node.shape == like:
        if node not in slots:
            slots.append(node)
        return ("slot", slots.index(node), node.op in BATCH_TO_ONE)
    if node.shape == () != like and node in late:
        return ("shared", node.index)
    if node.op in ELEMENTWISE and node.shape in ((), like):
        return (node.op, *(form(part, like, slots, late) for part in node.inputs))
    raise CannotLower("the update is not number by number", node.op, node.place)


def grouped(task: Task, late: set[Node]) -> list[Group]:
    """The leaves that are written, by the formula of their update."""
    writes = task.program.writes
    states: dict[str, list[Node]] = {leaf["name"]: [leaf] for leaf in writes if leaf.op == "parameter"}
    for leaf in writes:
        if leaf.op == "state":
            states[leaf["name"].split(":", 1)[1]].append(leaf)
    groups: dict[tuple[object, ...], Group] = {}
    for targets in states.values():
        slots = list(targets)
        key = tuple(form(writes[target], targets[0].shape, slots, late) for target in targets)
        group = groups.setdefault(key, Group([[] for _ in slots], [(i, writes[t]) for i, t in enumerate(targets)]))
        for members, node in zip(group.slots, slots, strict=True):
            members.append(node)
    return list(groups.values())


def shared(groups: list[Group], late: set[Node]) -> list[Node]:
    """Nodes of shape () after the sums that an update of other shapes reads."""
    found = []
    for group in groups:
        if group.slots[0][0].shape != ():
            slots = {nodes[0] for nodes in group.slots}
            inside = reached(node for _, node in group.writes)
            found += [n for n in inside if n in late and n.shape == () and n not in slots]
    return found
