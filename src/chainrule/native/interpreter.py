"""The machine in NumPy: one function for each operation, in the order of the program. The reference of every lowering.

A batch array has its samples in front: (samples, *shape).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.native.graph import ELEMENTWISE, CannotLower, Node, Pair, Shape
from chainrule.native.memory import Array, Memory
from chainrule.native.program import Program


def in_dtype(compare: Callable[..., Any]) -> Callable[[Array, Array], Array]:
    """1.0 where the comparison holds, else 0.0."""
    return lambda a, b: compare(a, b).astype(np.result_type(a, b))


_erf = np.frompyfunc(math.erf, 1, 1)  # NumPy has none

NUMPY: dict[str, Callable[..., Any]] = {
    "neg": np.negative,
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sign": np.sign,
    "tanh": np.tanh,
    "erf": lambda x: np.asarray(_erf(x)).astype(x.dtype),
    "sin": np.sin,
    "cos": np.cos,
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "pow": np.power,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "gt": in_dtype(np.greater),
    "ge": in_dtype(np.greater_equal),
    "eq": in_dtype(np.equal),
    "where": lambda condition, a, b: np.where(condition != 0, a, b),
}


def aligned(node: Node) -> Callable[..., Any]:
    """An elementwise operation, its batch operands given the axes of length 1 that align them inside a sample."""
    operation = NUMPY[node.op]
    rank = max(len(part.shape) for part in node.inputs)
    fill = [(1,) * (rank - len(part.shape)) if part.over == "batch" else () for part in node.inputs]
    if not any(fill):
        return operation

    def with_axes(*operands: Array) -> Any:
        return operation(
            *(a.reshape(a.shape[0], *ones, *a.shape[1:]) if ones else a for a, ones in zip(operands, fill, strict=True))
        )

    return with_axes


def contraction(node: Node) -> Callable[..., Any]:
    if node.op == "matmul":
        return lambda x, w: x @ w.T
    if node.op == "matmul_t":
        return lambda g, w: g @ w
    return lambda g, x: g.reshape(-1, g.shape[-1]).T @ x.reshape(-1, x.shape[-1])


def reduction(node: Node) -> Callable[..., Any]:
    if node.op == "batch_sum":
        return lambda x: x.sum(axis=0)
    front = node.inputs[0].over == "batch"
    axes, keepdims = tuple(axis + front for axis in node["axes"]), node["keepdims"]
    of = np.sum if node.op == "sum" else np.max
    return lambda x: of(x, axis=axes, keepdims=keepdims)


def move(node: Node) -> Callable[..., Any]:
    """Moves of the axes inside a sample; the axis of samples stays in front."""
    front = node.over == "batch"
    match node.op:
        case "reshape" | "columns" | "rows":
            return lambda x: x.reshape(x.shape[:front] + node.shape)
        case "permute":
            axes = (*range(front), *(axis + front for axis in node["axes"]))
            return lambda x: x.transpose(axes)
        case "slice":
            where = (slice(None),) * (node["axis"] + front) + (slice(node["start"], node["stop"], node["step"]),)
            return lambda x: x[where]
        case "concat":
            return lambda *parts: joined(parts, node, front)
        case "broadcast":
            missing = (1,) * (len(node.shape) - len(node.inputs[0].shape))
            return lambda x: np.broadcast_to(
                x.reshape(x.shape[:front] + missing + x.shape[front:]), x.shape[:front] + node.shape
            )
    widths = ((0, 0),) * front + node["widths"]
    return lambda x: np.pad(x, widths)


def joined(parts: tuple[Array, ...], node: Node, front: bool) -> Array:
    """Parts over one are repeated for every sample where others are over the batch."""
    samples = max(len(a) for a, part in zip(parts, node.inputs, strict=True) if part.over == "batch") if front else 0
    spread = [
        np.broadcast_to(a, (samples, *a.shape)) if front and part.over == "one" else a
        for a, part in zip(parts, node.inputs, strict=True)
    ]
    return np.concatenate(spread, axis=node["axis"] + front)


def gather(node: Node) -> Callable[..., Any]:
    if node.op == "take_rows":
        return lambda index, table: table[index]
    if node.op == "one_hot":
        classes = np.arange(node["classes"])
        return lambda index: index[..., None] == classes
    rows = node["rows"]

    def add_rows(index: Array, g: Array) -> Array:
        total = np.zeros((rows, g.shape[-1]), g.dtype)
        np.add.at(total, index.reshape(-1), g.reshape(-1, g.shape[-1]))
        return total

    return add_rows


# ---------------------------------------------------------------- images


def cuts(size: Shape, kernel: Pair, stride: Pair, dilation: Pair) -> list[tuple[Pair, tuple[Any, ...]]]:
    """For each place (i, j) of a kernel: which entries of the padded image it meets, in all windows of `size`."""
    return [
        (
            (i, j),
            (
                ...,
                slice(i * dilation[0], i * dilation[0] + stride[0] * (size[0] - 1) + 1, stride[0]),
                slice(j * dilation[1], j * dilation[1] + stride[1] * (size[1] - 1) + 1, stride[1]),
            ),
        )
        for i in range(kernel[0])
        for j in range(kernel[1])
    ]


def padded(x: Array, padding: Pair, value: float = 0.0) -> Array:
    widths = ((0, 0),) * (x.ndim - 2) + tuple((width, width) for width in padding)
    return np.pad(x, widths, constant_values=value)


def inside(x: Array, padding: Pair, shape: Shape) -> Array:
    """The image without its padding."""
    return x[..., padding[0] : padding[0] + shape[-2], padding[1] : padding[1] + shape[-1]]


def convolution(node: Node) -> Callable[..., Any]:
    padding, groups = node["padding"], node["groups"]
    kernel: Any = (node.inputs[1].shape if node.op != "conv2d_weight" else node["shape"])[-2:]
    out = (node if node.op == "conv2d" else node.inputs[0]).shape
    places = cuts(out[-2:], kernel, node["stride"], node["dilation"])

    def split(a: Array, axis: int) -> Array:
        """The channels by group: an axis of groups in front of them."""
        return a.reshape((*a.shape[:axis], groups, -1, *a.shape[axis + 1 :]))

    def forward(x: Array, w: Array) -> Array:
        big, weight = split(padded(x, padding), 1), split(w, 0)
        y = sum(np.einsum("ngchw,goc->ngohw", big[cut], weight[..., i, j]) for (i, j), cut in places)
        return np.asarray(y).reshape(len(x), *out)

    def to_input(g: Array, w: Array) -> Array:
        shape = node["shape"]
        big = np.zeros((len(g), shape[0], shape[1] + 2 * padding[0], shape[2] + 2 * padding[1]), g.dtype)
        grouped, weight, upstream = split(big, 1), split(w, 0), split(g, 1)
        for (i, j), cut in places:
            grouped[cut] += np.einsum("ngohw,goc->ngchw", upstream, weight[..., i, j])
        return inside(big, padding, shape)

    def to_weight(g: Array, x: Array) -> Array:
        big, upstream = split(padded(x, padding), 1), split(g, 1)
        w = np.zeros(node["shape"], g.dtype)
        for (i, j), cut in places:
            w[..., i, j] = np.einsum("ngohw,ngchw->goc", upstream, big[cut]).reshape(w.shape[:2])
        return w

    return {"conv2d": forward, "conv2d_input": to_input, "conv2d_weight": to_weight}[node.op]


def pooling(node: Node) -> Callable[..., Any]:
    padding = node["padding"]
    out = (node if node.op == "max_pool2d" else node.inputs[0]).shape
    places = cuts(out[-2:], node["kernel"], node["stride"], node["dilation"])

    def windows(x: Array) -> Array:
        """(places of the kernel, samples, channels, height, width)"""
        big = padded(x, padding, -np.inf)
        return np.stack([big[cut] for _, cut in places])

    def to_input(g: Array, x: Array) -> Array:
        """The first of the largest, which is no place of the padding; NaN counts as largest."""
        numbers, image = windows(x), padded(np.ones_like(x), padding)
        largest = np.isnan(numbers) | (numbers == numbers.max(axis=0))
        chosen = (largest & np.stack([image[cut] == 1 for _, cut in places])).argmax(axis=0)
        big = padded(np.zeros_like(x), padding)
        for number, (_, cut) in enumerate(places):
            big[cut] += np.where(chosen == number, g, 0)
        return inside(big, padding, x.shape)

    return to_input if node.op == "max_pool2d_input" else lambda x: windows(x).max(axis=0)


KINDS: dict[str, Callable[[Node], Callable[..., Any]]] = {
    **dict.fromkeys(ELEMENTWISE, aligned),
    **dict.fromkeys(("matmul", "matmul_t", "outer"), contraction),
    **dict.fromkeys(("sum", "max", "batch_sum"), reduction),
    **dict.fromkeys(("reshape", "columns", "rows", "permute", "slice", "concat", "broadcast", "pad"), move),
    **dict.fromkeys(("take_rows", "add_rows", "one_hot"), gather),
    **dict.fromkeys(("conv2d", "conv2d_input", "conv2d_weight"), convolution),
    **dict.fromkeys(("max_pool2d", "max_pool2d_input"), pooling),
}


# ---------------------------------------------------------------- the machine


class Interpreter:
    """Runs a program with NumPy. See memory.Machine."""

    def __init__(self, program: Program, dtype: np.dtype[Any]) -> None:
        self.program = program
        self.dtype = np.dtype(dtype)
        self._steps: list[tuple[Node, Callable[..., Any], tuple[Node, ...]]] = []
        for node in program.nodes:
            if not node.is_leaf:
                if node.op not in KINDS:
                    raise CannotLower("the interpreter does not know it", node.op, node.place)
                self._steps.append((node, KINDS[node.op](node), node.inputs))
        self._constants = {node: self.dtype.type(node["value"]) for node in program.leaves("constant")}
        self._scalars = [(n, place) for place, s in enumerate(program.scalars) for n in program.leaves("scalar")
                         if n["name"] == s.name]  # fmt: skip
        self._data = list(program.leaves("data"))
        self._masks = list(program.leaves("mask"))
        self._fixed = [n for op in ("parameter", "state", "tensor") for n in program.leaves(op)]

    def values(self, memory: Memory, step: int) -> dict[Node, Any]:
        """Every node's numbers in one step; nothing is written."""
        values: dict[Node, Any] = dict(self._constants)
        rows = slice(None) if memory.order is None else memory.order[step]
        for node in self._data:
            values[node] = memory.arrays[node["name"]][rows]
        for node in self._masks:
            values[node] = memory.masks[node["name"]][step]
        for node, place in self._scalars:
            values[node] = self.dtype.type(memory.scalars[step, place])
        for node in self._fixed:
            values[node] = memory.arrays[node["name"]]
        for node, operation, inputs in self._steps:
            found = operation(*(values[part] for part in inputs))
            values[node] = found.astype(self.dtype) if found.dtype == bool else found  # one_hot
        return values

    def run(self, memory: Memory, first: int, count: int) -> int:
        with np.errstate(all="ignore"):
            for step in range(first, first + count):
                values = self.values(memory, step)
                loss = float(values[self.program.loss])
                memory.losses[step] = loss
                if memory.norms is not None:
                    memory.norms[step] = [norm(values[node]) for node in self.program.gradients.values()]
                for leaf, node in self.program.writes.items():
                    values[leaf] = np.broadcast_to(
                        values[node], leaf.shape
                    ).copy()  # all are read before any is written
                for leaf in self.program.writes:
                    memory.arrays[leaf["name"]][...] = values[leaf]
                if not math.isfinite(loss):
                    return step - first + 1
        return count

    def source(self) -> str:
        return str(self.program)


def norm(gradient: Array) -> float:
    return float(np.sqrt(np.sum(np.square(gradient, dtype=np.float64))))
