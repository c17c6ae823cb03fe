"""The graph that everything native reads: small operations on arrays, each inside one sample or over all of them.

A node is `over` the batch when its numbers exist once for each sample, and over one when they exist once; `shape` never
holds the axis of the samples. Samples are independent of each other: only the operations in BATCH_TO_ONE sum over them.

Elementwise operations broadcast as NumPy does, the shapes inside a sample aligned at the right; what is over one is the
same for every sample. Comparisons give 1.0 or 0.0. maximum and minimum return NaN where either operand is NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

Over: TypeAlias = Literal["batch", "one"]
Kind: TypeAlias = Literal["float", "index"]
Shape: TypeAlias = tuple[int, ...]


class CannotLower(Exception):
    """This training, or this part of it, has no native form.

    reason     why, as the end of a sentence: "it couples the samples of a batch"
    function   the torch function, as the field writes it, or the operation of a node; "" where it is none in particular
    place      file:line of the user's call, or ""
    """

    def __init__(self, reason: str, function: str = "", place: str = "") -> None:
        super().__init__(reason, function, place)
        self.reason, self.function, self.place = reason, function, place

    def __str__(self) -> str:
        return " ".join(
            [
                *(f"{self.function}:" for _ in self.function[:1]),
                self.reason,
                *(f"({self.place})" for _ in self.place[:1]),
            ]
        )


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """One operation and its result; nodes are equal when they are the same.

    index        its place in the order in which nodes were made: inputs come before their users
    op           its name, a key of LEAVES or OPERATIONS
    shape        of the numbers inside one sample, or of all of them where `over` is "one"
    kind         floating point, or int64
    attributes   what the operation needs besides its inputs, sorted by name
    place        file:line of the user's call, "" where there is none
    """

    index: int
    op: str
    inputs: tuple[Node, ...]
    shape: Shape
    over: Over
    kind: Kind = "float"
    attributes: tuple[tuple[str, Any], ...] = ()
    place: str = ""

    def __getitem__(self, attribute: str) -> Any:
        """An attribute by its name. Raises KeyError."""
        return dict(self.attributes)[attribute]

    @property
    def is_leaf(self) -> bool:
        return self.op in LEAVES

    @property
    def name(self) -> str:
        """What it is called in print: %7, %fc.weight, 0.5."""
        if self.op == "constant":
            return repr(self["value"])
        return f"%{self['name']}" if self.is_leaf else f"%{self.index}"

    def __str__(self) -> str:
        if self.is_leaf:
            given = self.op
        else:
            extra = [f"{key}={value}" for key, value in self.attributes]
            given = f"{self.op}({', '.join([*(node.name for node in self.inputs), *extra])})"
        kind = " index" if self.kind == "index" else ""
        return f"{self.name} = {given} {self.over}({', '.join(map(str, self.shape))}){kind}"

    __repr__ = __str__


# ---------------------------------------------------------------- operations and the shapes of their results

# What each leaf is over. A mask, a scalar and a row of data are other numbers at every step.
LEAVES: dict[str, Over] = {
    "data": "batch",
    "mask": "batch",
    "parameter": "one",
    "state": "one",
    "tensor": "one",
    "scalar": "one",
    "constant": "one",
}
UNARY = ["neg", "exp", "log", "log1p", "expm1", "sqrt", "abs", "sign", "tanh", "erf", "sin", "cos"]
BINARY = ["add", "sub", "mul", "div", "pow", "maximum", "minimum", "gt", "ge", "eq"]
ELEMENTWISE = (*UNARY, *BINARY, "where")
BATCH_TO_ONE = ("outer", "batch_sum", "add_rows", "conv2d_weight")


def need(condition: bool, what: str) -> None:
    if not condition:
        raise ValueError(what)


def matmul(x: Shape, w: Shape) -> Shape:
    """x·wᵀ for x (…, I) and w (O, I), as nn.Linear."""
    need(len(w) == 2 and x[-1:] == w[1:], f"matmul of {x} and {w}")
    return (*x[:-1], w[0])


def matmul_t(g: Shape, w: Shape) -> Shape:
    """g·w for g (…, O) and w (O, I)."""
    need(len(w) == 2 and g[-1:] == w[:1], f"matmul_t of {g} and {w}")
    return (*g[:-1], w[1])


def outer(g: Shape, x: Shape) -> Shape:
    """Σ g·xᵀ over samples and leading axes, for g (…, O) and x (…, I): (O, I)."""
    need(len(g) == len(x) >= 1 and g[:-1] == x[:-1], f"outer of {g} and {x}")
    return (g[-1], x[-1])


def reduced(x: Shape, axes: Shape, keepdims: bool) -> Shape:
    need(all(0 <= axis < len(x) for axis in axes) and list(axes) == sorted(set(axes)), f"axes {axes} of {x}")
    if keepdims:
        return tuple(1 if axis in axes else size for axis, size in enumerate(x))
    return tuple(size for axis, size in enumerate(x) if axis not in axes)


def reshape(x: Shape, shape: Shape) -> Shape:
    need(math.prod(x) == math.prod(shape), f"reshape of {x} to {shape}")
    return shape


def permute(x: Shape, axes: Shape) -> Shape:
    need(sorted(axes) == list(range(len(x))), f"permute {axes} of {x}")
    return tuple(x[axis] for axis in axes)


def sliced(x: Shape, axis: int, start: int, stop: int, step: int) -> Shape:
    """x[start:stop:step] along an axis, all of it within x."""
    need(0 <= start <= stop <= x[axis] and step > 0, f"slice {start}:{stop}:{step} of axis {axis} of {x}")
    return (*x[:axis], len(range(start, stop, step)), *x[axis + 1 :])


def concat(*shapes: Shape, axis: int) -> Shape:
    first = shapes[0]
    need(all(s[:axis] + s[axis + 1 :] == first[:axis] + first[axis + 1 :] for s in shapes), f"concat of {shapes}")
    return (*first[:axis], sum(s[axis] for s in shapes), *first[axis + 1 :])


def broadcast(x: Shape, shape: Shape) -> Shape:
    need(np.broadcast_shapes(x, shape) == shape, f"broadcast of {x} to {shape}")
    return shape


def pad(x: Shape, widths: tuple[tuple[int, int], ...]) -> Shape:
    """Zeros before and after, for each axis."""
    need(len(widths) == len(x) and all(width >= 0 for pair in widths for width in pair), f"pad {widths} of {x}")
    return tuple(before + size + after for size, (before, after) in zip(x, widths, strict=True))


def take_rows(index: Shape, table: Shape) -> Shape:
    need(len(table) == 2, f"rows of a table {table}")
    return (*index, table[1])


def add_rows(index: Shape, g: Shape, rows: int) -> Shape:
    """Row i is the sum of all g[n, …] whose index is i: (rows, D)."""
    need(len(g) >= 1 and g[:-1] == index, f"add_rows of {index} and {g}")
    return (rows, g[-1])


def one_hot(index: Shape, classes: int) -> Shape:
    return (*index, classes)


def windows(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


Pair: TypeAlias = tuple[int, int]


def conv2d(x: Shape, w: Shape, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Shape:
    """x (C, H, W) with w (O, C/groups, kh, kw), as torch's: no kernel is turned around."""
    need(len(x) == 3 and len(w) == 4 and x[0] == w[1] * groups, f"conv2d of {x} and {w}")
    return (w[0], *map(windows, x[1:], w[2:], stride, padding, dilation))


def conv2d_input(g: Shape, w: Shape, shape: Shape, **how: Any) -> Shape:
    """∂/∂x of Σ g·conv2d(x, w); `shape` is that of x."""
    need(g == conv2d(shape, w, **how), f"conv2d_input of {g} and {w}")
    return shape


def conv2d_weight(g: Shape, x: Shape, shape: Shape, **how: Any) -> Shape:
    """∂/∂w of Σ g·conv2d(x, w) over samples; `shape` is that of w."""
    need(g == conv2d(x, shape, **how), f"conv2d_weight of {g} and {x}")
    return shape


def max_pool2d(x: Shape, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair) -> Shape:
    need(len(x) == 3, f"max_pool2d of {x}")
    return (x[0], *map(windows, x[1:], kernel, stride, padding, dilation))


def max_pool2d_input(g: Shape, x: Shape, **how: Any) -> Shape:
    """∂/∂x of Σ g·max_pool2d(x): g goes to the first of the largest numbers of each window."""
    need(g == max_pool2d(x, **how), f"max_pool2d_input of {g} and {x}")
    return x


def elementwise(*shapes: Shape) -> Shape:
    return np.broadcast_shapes(*shapes)


OPERATIONS: dict[str, Callable[..., Shape]] = {
    **dict.fromkeys(ELEMENTWISE, elementwise),
    "matmul": matmul,
    "matmul_t": matmul_t,
    "outer": outer,
    "sum": reduced,
    "max": reduced,
    "batch_sum": lambda x: x,
    "reshape": reshape,
    "columns": reshape,
    "rows": reshape,  # columns and rows change the layout only: images.py
    "permute": permute,
    "slice": sliced,
    "concat": concat,
    "broadcast": broadcast,
    "pad": pad,
    "take_rows": take_rows,
    "add_rows": add_rows,
    "one_hot": one_hot,
    "conv2d": conv2d,
    "conv2d_input": conv2d_input,
    "conv2d_weight": conv2d_weight,
    "max_pool2d": max_pool2d,
    "max_pool2d_input": max_pool2d_input,
}
# Which inputs must be over the batch (True) or over one (False), where that is not free.
SIDES: dict[str, tuple[bool, ...]] = {
    "matmul": (True, False),
    "matmul_t": (True, False),
    "outer": (True, True),
    "batch_sum": (True,),
    "take_rows": (True, False),
    "add_rows": (True, True),
    "one_hot": (True,),
    "conv2d": (True, False),
    "conv2d_input": (True, False),
    "conv2d_weight": (True, True),
    "max_pool2d": (True,),
    "max_pool2d_input": (True, True),
}
INDEXED = ("take_rows", "add_rows", "one_hot")  # whose first input holds indices
MOVES = ("reshape", "permute", "slice", "concat", "broadcast")  # which indices may go through, too


def result(op: str, inputs: tuple[Node, ...], attributes: dict[str, Any]) -> tuple[Shape, Over, Kind]:
    """Shape, over and kind of an operation's result. Raises ValueError where its inputs do not fit."""
    shape = OPERATIONS[op](*(node.shape for node in inputs), **attributes)
    sides = SIDES.get(op, ())
    need(not sides or sides == tuple(node.over == "batch" for node in inputs), f"{op} of {[n.over for n in inputs]}")
    kinds = [node.kind for node in inputs]
    wanted: list[Kind] = ["index" if op in INDEXED and place == 0 else "float" for place in range(len(inputs))]
    whole = op in MOVES and set(kinds) == {"index"}
    need(whole or kinds == wanted, f"{op} of {kinds}")
    over: Over = "batch" if op not in BATCH_TO_ONE and any(node.over == "batch" for node in inputs) else "one"
    return shape, over, "index" if whole else "float"


# ---------------------------------------------------------------- building

FOLDED: dict[str, Callable[..., Any]] = {
    "neg": lambda a: -a,
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "sqrt": np.sqrt,
    "abs": abs,
    "sign": np.sign,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
}


class Graph:
    """Makes nodes. What was made before is not made again, and arithmetic of constants alone is done at once."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._known: dict[str, Node] = {}
        self.place = ""  # of the call whose nodes are being made

    def leaf(self, op: str, name: str, shape: Shape, kind: Kind = "float") -> Node:
        """A leaf by its name: data, mask, parameter, state, tensor or scalar."""
        return self._node(op, (), tuple(shape), LEAVES[op], kind, {"name": name})

    def constant(self, value: float) -> Node:
        return self._node("constant", (), (), "one", "float", {"value": float(value)})

    def __call__(self, op: str, *operands: Node | float, **attributes: Any) -> Node:
        """The result of an operation; numbers among the operands become constants. Raises ValueError."""
        inputs = tuple(x if isinstance(x, Node) else self.constant(x) for x in operands)
        if op in FOLDED and all(node.op == "constant" for node in inputs):
            with np.errstate(all="ignore"):
                return self.constant(float(FOLDED[op](*(np.float64(node["value"]) for node in inputs))))
        return self._same(op, inputs, attributes) or self._node(op, inputs, *result(op, inputs, attributes), attributes)

    def _same(self, op: str, inputs: tuple[Node, ...], attributes: dict[str, Any]) -> Node | None:
        """The input that the operation leaves as it is, or a simpler form, if there is one."""
        x = inputs[0]
        values = [node["value"] if node.op == "constant" else None for node in inputs]
        if op == "mul" and 1.0 in values:
            return inputs[1 - values.index(1.0)]
        if op == "mul" and -1.0 in values:
            return self("neg", inputs[1 - values.index(-1.0)])
        if op in ("div", "pow") and values[1] == 1.0:
            return x
        if op == "neg" and x.op == "neg":
            return x.inputs[0]
        if op in ("reshape", "broadcast") and attributes["shape"] == x.shape:
            return x
        if op == "reshape" and x.op == "reshape":
            return self("reshape", x.inputs[0], shape=attributes["shape"])
        if op == "permute" and attributes["axes"] == tuple(range(len(x.shape))):
            return x
        if op == "permute" and x.op == "permute":
            return self("permute", x.inputs[0], axes=tuple(x["axes"][axis] for axis in attributes["axes"]))
        if op == "abs" and x.op == "neg":
            return self("abs", x.inputs[0])
        if op in ("sum", "max") and not attributes["axes"]:
            return x
        if op == "slice" and OPERATIONS[op](x.shape, **attributes) == x.shape:
            return x
        if op == "concat" and len(inputs) == 1:
            return x
        return None

    def _node(
        self, op: str, inputs: tuple[Node, ...], shape: Shape, over: Over, kind: Kind, attributes: dict[str, Any]
    ) -> Node:
        ordered = tuple(sorted(attributes.items()))
        key = repr((op, [node.index for node in inputs], shape, ordered))  # as text: 0.0 and -0.0 differ
        if key not in self._known:
            node = Node(len(self.nodes), op, inputs, shape, over, kind, ordered, self.place)
            self.nodes.append(node)
            self._known[key] = node
        return self._known[key]


def reached(wanted: Iterable[Node]) -> set[Node]:
    """The nodes that these depend on, themselves included."""
    found: set[Node] = set()
    left = list(wanted)
    while left:
        node = left.pop()
        if node not in found:
            found.add(node)
            left.extend(node.inputs)
    return found
