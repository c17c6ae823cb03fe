"""Small programs for the lowerings, written by hand, and numbers for them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.formula import Symbol
from chainrule.native.graph import Graph, Node
from chainrule.native.memory import Memory
from chainrule.native.program import Program, Scalar, validate

RATE = Scalar("rate", Symbol("lr", "η", r"\eta"), 0)
Net = Callable[..., Program]


def finished(g: Graph, loss: Node, gradients: dict[Node, Node], optimizer: str = "sgd") -> Program:
    """The program of these gradients with the update of an optimizer."""
    rate, writes = g.leaf("scalar", "rate", ()), {}
    for p, slope in gradients.items():
        if optimizer == "sgd":
            writes[p] = g("sub", p, g("mul", rate, slope))
            continue
        m = g.leaf("state", f"exp_avg:{p['name']}", p.shape)
        v = g.leaf("state", f"exp_avg_sq:{p['name']}", p.shape)
        writes[m] = g("add", g("mul", 0.9, m), g("mul", 0.1, slope))
        writes[v] = g("add", g("mul", 0.99, v), g("mul", 0.01, g("mul", slope, slope)))
        writes[p] = g("sub", p, g("div", g("mul", rate, writes[m]), g("add", g("sqrt", writes[v]), 1e-3)))
    return validate(Program(loss, gradients, writes, (RATE,)))


def perceptron(sizes: tuple[int, ...], batch: int, loss: str = "squares", optimizer: str = "sgd") -> Program:
    """Layers with tanh between them; squares: sigmoid and mean squared error; classes: cross-entropy."""
    g = Graph()
    z, layers = g.leaf("data", "x", (sizes[0],)), []
    for number, (inputs, outputs) in enumerate(pairwise(sizes)):
        w, b = (
            g.leaf("parameter", f"{number}.weight", (outputs, inputs)),
            g.leaf("parameter", f"{number}.bias", (outputs,)),
        )
        last = number == len(sizes) - 2
        before, z = z, g("add", g("matmul", z, w), b)
        if not last:
            z = g("tanh", z)
        elif loss == "squares":
            z = g("div", 1.0, g("add", 1.0, g("exp", g("neg", z))))
        layers.append((before, w, b, z))
    if loss == "squares":
        difference = g("sub", z, g.leaf("data", "y", (sizes[-1],)))
        each = g("sum", g("mul", difference, difference), axes=(0,), keepdims=False)
        total = g("mul", g("batch_sum", each), 1 / (batch * sizes[-1]))
        slope = g("mul", g("mul", difference, 2 / (batch * sizes[-1])), g("mul", z, g("sub", 1.0, z)))
    else:
        right = g("one_hot", g.leaf("data", "y", (), "index"), classes=sizes[-1])
        shifted = g("sub", z, g("max", z, axes=(0,), keepdims=True))
        powers = g("exp", shifted)
        partition = g("sum", powers, axes=(0,), keepdims=True)
        each = g("sum", g("mul", right, g("sub", shifted, g("log", partition))), axes=(0,), keepdims=False)
        total = g("mul", g("batch_sum", each), -1 / batch)
        slope = g("mul", g("sub", g("div", powers, partition), right), 1 / batch)
    gradients = {}
    for before, w, b, after in reversed(layers):
        if after is not z:
            slope = g("mul", slope, g("sub", 1.0, g("mul", after, after)))
        gradients |= {w: g("outer", slope, before), b: g("batch_sum", slope)}
        slope = g("matmul_t", slope, w)
    return finished(g, total, gradients, optimizer)


def of_one_array(batch: int, shape: tuple[int, ...], write: Callable[[Graph, Node, Node], Node]) -> Program:
    """The loss Σ write(x, p)², and for the gradient of p something simpler that reads all of it."""
    g = Graph()
    x, p = g.leaf("data", "x", shape), g.leaf("parameter", "p", shape)
    y = write(g, x, p)
    each = g("sum", g("mul", y, y), axes=tuple(range(len(y.shape))), keepdims=False)
    size = g("broadcast", g("reshape", g("tanh", each), shape=(1,) * len(shape)), shape=shape)  # bounded: no p diverges
    slope = g("mul", g("batch_sum", g("mul", x, size)), 1 / batch)
    return finished(g, g("mul", g("batch_sum", each), 1 / batch), {p: slope})


def embedded(batch: int) -> Program:
    """An embedding of (3,) words, its table used once more as the weight of a product."""
    g = Graph()
    words, table = g.leaf("data", "words", (3,), "index"), g.leaf("parameter", "table", (5, 4))
    taken = g("take_rows", words, table)  # (3, 4)
    scores = g("matmul", taken, table)  # (3, 5)
    each = g("sum", g("mul", scores, g("one_hot", words, classes=5)), axes=(0, 1), keepdims=False)
    slope = g("one_hot", words, classes=5)
    back = g("add", g("outer", slope, taken), g("add_rows", words, g("matmul_t", slope, table), rows=5))
    return finished(g, g("mul", g("batch_sum", each), 1 / batch), {table: g("mul", back, 1 / batch)})


def convolved(batch: int, groups: int = 1) -> Program:
    """A convolution with stride and padding, then a pool that overlaps itself."""
    g = Graph()
    how = {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 1), "groups": groups}
    pool = {"kernel": (2, 2), "stride": (1, 1), "padding": (1, 1), "dilation": (1, 1)}
    x, w = g.leaf("data", "x", (2, 6, 5)), g.leaf("parameter", "w", (4, 2 // groups, 3, 3))
    y = g("conv2d", x, w, **how)
    z = g("max_pool2d", y, **pool)
    each = g("sum", g("mul", z, z), axes=(0, 1, 2), keepdims=False)
    slope = g("max_pool2d_input", g("mul", g("tanh", z), 0.01), y, **pool)  # bounded: w does not diverge
    back = g("conv2d_input", slope, w, shape=x.shape, **how)
    again = g("conv2d_weight", slope, g("add", x, back), shape=w.shape, **how)
    return finished(g, g("mul", g("batch_sum", each), 1 / batch), {w: again})


def pictures(
    image: tuple[int, int, int],
    weight: tuple[int, int, int, int],
    how: dict[str, Any],
    pool: dict[str, Any],
    batch: int,
) -> Program:
    """Everything that may follow a convolution: by channel and by pixel, sums, moves, other layouts; w stays small."""
    g = Graph()
    x, w = g.leaf("data", "x", image), g.leaf("parameter", "w", weight)
    y = g("conv2d", x, w, **how)
    filters, height, width = y.shape
    by_channel, by_pixel = g.leaf("parameter", "c", (filters,)), g.leaf("tensor", "p", (height, width))
    mask, number = g.leaf("mask", "m", (filters, 1, 1)), g.leaf("parameter", "n", ())
    z = g("tanh", g("add", y, g("reshape", by_channel, shape=(filters, 1, 1))))
    z = g("mul", g("mul", g("add", z, by_pixel), mask), number)
    lowest = g("max", g("neg", z), axes=(0,), keepdims=True)
    z = g("sub", z, g("div", lowest, 3.0))
    first = g("slice", z, axis=0, start=0, stop=1, step=1)
    turned = g("permute", g("concat", z, first, axis=0), axes=(0, 2, 1))
    some = g("sum", g("pad", turned, widths=((0, 0), (1, 0), (0, 2))), axes=(0, 1, 2), keepdims=False)
    pooled = g("max_pool2d", z, **pool)
    flat = g("reshape", pooled, shape=(int(np.prod(pooled.shape)),))
    each = g("add", g("sum", g("mul", flat, flat), axes=(0,), keepdims=False), some)
    slope = g("max_pool2d_input", g("reshape", g("tanh", flat), shape=pooled.shape), z, **pool)
    slope = g("mul", g("add", slope, g("broadcast", g("tanh", each), shape=slope.shape)), 0.01)
    back = g("conv2d_input", slope, w, shape=image, **how)
    again = g("conv2d_weight", g("tanh", slope), g("tanh", g("add", x, back)), shape=weight, **how)
    planes = g("batch_sum", g("sum", slope, axes=(1, 2), keepdims=False))
    one = g("batch_sum", g("tanh", g("sum", slope, axes=(0, 1, 2), keepdims=False)))
    scale = 1 / (batch * height * width)
    gradients = {w: g("mul", again, scale), by_channel: g("mul", planes, scale), number: g("mul", one, scale)}
    return finished(g, g("mul", g("batch_sum", each), scale), gradients)


def memory(program: Program, batch: int, steps: int, dtype: str, rows: int | None = None, seed: int = 0) -> Memory:
    """Random numbers for a program; with more rows than the batch, in random order."""
    draw = np.random.default_rng(seed)
    count = rows or batch
    classes = min((n["classes"] for n in program.nodes if n.op == "one_hot"), default=2)
    arrays: dict[str, Any] = {}
    for leaf in program.nodes:
        if leaf.op == "data" and leaf.kind == "index":
            arrays[leaf["name"]] = draw.integers(0, classes, (count, *leaf.shape))
        elif leaf.op == "data":
            arrays[leaf["name"]] = draw.normal(size=(count, *leaf.shape)).astype(dtype)
        elif leaf.op in ("parameter", "tensor"):
            arrays[leaf["name"]] = draw.uniform(-0.5, 0.5, leaf.shape).astype(dtype)
        elif leaf.op == "state":
            arrays[leaf["name"]] = np.zeros(leaf.shape, dtype)
    masks = {
        leaf["name"]: (draw.integers(0, 2, (steps, batch, *leaf.shape)) * 2.0).astype(dtype)
        for leaf in program.leaves("mask")
    }
    order = draw.integers(0, rows, (steps, batch)) if rows else None
    norms = np.zeros((steps, len(program.gradients)))
    return Memory(arrays, np.full((steps, 1), 0.05), np.zeros(steps), order, masks, norms)
