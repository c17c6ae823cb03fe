"""Convolutions as products of matrices: a program rewritten for panels.py.

A convolution is a product of the weights with patches of the image (im2col; Chellapilla, Puri & Simard, High
Performance Convolutional Neural Networks for Document Processing, 2006). Four operations are of this file alone:

    pick(x; places)                 result[j] = x[places[j]], and 0 where that is NOWHERE
    pick_sum(x; places)             result[j] = Σᵣ x[places[j, r]]
    window_max(x; places)           result[j] = maxᵣ x[places[j, r]]
    window_max_input(g, x; places)  g[j] is added where x[places[j, r]] is the first of the largest

where x and the result are numbered through inside a sample, in C order.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from chainrule.native.graph import Node, Over, Pair, Shape, result
from chainrule.native.interpreter import cuts
from chainrule.native.memory import Array
from chainrule.native.program import Program

NOWHERE = -1


@lru_cache(maxsize=64)  # the same array for the same windows, so that a picture is picked once
def patches(image: Shape, out: Shape, kernel: Shape, stride: Pair, padding: Pair, dilation: Pair) -> Array:
    """(windows, channels · kernel): the place in the image of each number of each window."""
    numbered = np.arange(prod(image)).reshape(image)
    widths = ((0, 0), *((width, width) for width in padding))
    padded = np.pad(numbered, widths, constant_values=NOWHERE)
    found = np.stack(
        [padded[cut] for _, cut in cuts(out, (kernel[0], kernel[1]), stride, dilation)]
    )  # (kernel, channels, *out)
    return found.reshape(len(found), image[0], -1).transpose(2, 1, 0).reshape(prod(out), -1)


def turned_around(places: Array, size: int) -> Array:
    """(size, most): for each number of the image, the places of `places` that name it, then NOWHERE."""
    flat = places.reshape(-1)
    order = np.argsort(flat, kind="stable")
    order = order[flat[order] != NOWHERE]
    named = flat[order]
    counts = np.bincount(named, minlength=size)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    found = np.full((size, max(1, counts.max(initial=0))), NOWHERE)
    found[named, np.arange(len(named)) - starts[named]] = order
    return found


@dataclass
class Rewriting:
    """The nodes of the new program so far, and what became of the old ones."""

    nodes: list[Node] = field(default_factory=list)
    made: dict[tuple[object, ...], Node] = field(default_factory=dict)
    known: dict[Node, Node] = field(default_factory=dict)
    place: str = ""

    def add(self, op: str, inputs: tuple[Node, ...], of: Shape, over: Over, **attributes: Any) -> Node:
        ordered = tuple(sorted(attributes.items()))
        key = (op, *map(id, inputs), of, *(id(v) if isinstance(v, np.ndarray) else repr(v) for _, v in ordered))
        if key not in self.made:
            self.nodes.append(Node(len(self.nodes), op, inputs, of, over, "float", ordered, self.place))
            self.made[key] = self.nodes[-1]
        return self.made[key]

    def __call__(self, op: str, *inputs: Node, **attributes: Any) -> Node:
        """A node with an operation of graph.py."""
        shape, over, _ = result(op, inputs, attributes)
        return self.add(op, inputs, shape, over, **attributes)

    def copy(self, node: Node) -> Node:
        inputs = tuple(self.known[part] for part in node.inputs)
        self.nodes.append(replace(node, index=len(self.nodes), inputs=inputs))
        return self.nodes[-1]

    def convolution(self, node: Node) -> Node:
        """Each group of channels by itself, then one after the other along the first axis of the result."""
        first, second = (self.known[part] for part in node.inputs)
        shapes = {
            "conv2d": (first.shape, second.shape, node.shape),
            "conv2d_input": (node.shape, second.shape, first.shape),
            "conv2d_weight": (second.shape, node.shape, first.shape),
        }
        image, weight, out = shapes[node.op]
        groups = node["groups"]
        part, filters, windows, kernel = (
            (image[0] // groups, *image[1:]),
            weight[0] // groups,
            prod(out[1:]),
            prod(weight[1:]),
        )
        places = patches(part, out[1:], weight[2:], node["stride"], node["padding"], node["dilation"])

        def channels(x: Node, group: int, count: int) -> Node:
            start = group * count
            return x if groups == 1 else self("slice", x, axis=0, start=start, stop=start + count, step=1)

        def picked(x: Node, group: int) -> Node:  # (windows, kernel)
            return self.add("pick", (channels(x, group, part[0]),), places.shape, "batch", places=places)

        def weights(w: Node, group: int) -> Node:  # (filters, kernel)
            return self("reshape", channels(w, group, filters), shape=(filters, kernel))

        def upstream(g: Node, group: int) -> Node:  # (windows, filters)
            return self("permute", self("reshape", channels(g, group, filters), shape=(filters, windows)), axes=(1, 0))

        pieces = []
        for group in range(groups):
            if node.op == "conv2d":
                product = self("matmul", picked(first, group), weights(second, group))
                made = self("reshape", self("permute", product, axes=(1, 0)), shape=(filters, *out[1:]))
            elif node.op == "conv2d_input":
                product = self("matmul_t", upstream(first, group), weights(second, group))
                back = turned_around(places, prod(part))
                made = self.add("pick_sum", (product,), part, "batch", places=back)
            else:
                product = self("outer", upstream(first, group), picked(second, group))
                made = self("reshape", product, shape=(filters, *weight[1:]))
            pieces.append(made)
        return pieces[0] if groups == 1 else self("concat", *pieces, axis=0)

    def pooling(self, node: Node) -> Node:
        """The windows of the pool as places, for `window_max` and `window_max_input`."""
        parts = tuple(self.known[part] for part in node.inputs)
        image, out = node.inputs[-1].shape, (node if node.op == "max_pool2d" else node.inputs[0]).shape
        places = windows_of(image, out[1:], node["kernel"], node["stride"], node["padding"], node["dilation"])
        return self.add(node.op.replace("max_pool2d", "window_max"), parts, node.shape, "batch", places=places)


def windows_of(image: Shape, out: Shape, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair) -> Array:
    """(channels · windows, kernel): as `patches`, each channel by itself."""
    one = patches((1, *image[1:]), out, kernel, stride, padding, dilation)
    first = np.arange(image[0])[:, None, None] * prod(image[1:])
    return np.where(one == NOWHERE, NOWHERE, one + first).reshape(-1, one.shape[1])


def as_matrices(program: Program) -> Program:
    """The program with its convolutions and pools written with the operations of this file and graph.py."""
    if not any(node.op.startswith(("conv2d", "max_pool2d")) for node in program.nodes):
        return program
    new = Rewriting()
    for node in program.nodes:
        new.place = node.place
        if node.op.startswith("conv2d"):
            new.known[node] = new.convolution(node)
        elif node.op.startswith("max_pool2d"):
            new.known[node] = new.pooling(node)
        else:
            new.known[node] = new.copy(node)
    now = new.known
    return Program(
        now[program.loss],
        {now[leaf]: now[node] for leaf, node in program.gradients.items()},
        {now[leaf]: now[node] for leaf, node in program.writes.items()},
        program.scalars,
    )
