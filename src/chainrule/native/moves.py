"""Moves of numbers inside one sample, on any NumPy array: of values while code is unrolled, of places in tables."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.native.graph import Node
from chainrule.native.memory import Array

MOVES = ("reshape", "permute", "slice", "concat", "broadcast", "pad")


def moved(node: Node, parts: list[Array], zero: Any) -> Array:
    """The result of a move, from its inputs without the axis of samples; `zero` is what `pad` puts in."""
    x: Array = parts[0]
    match node.op:
        case "reshape":
            return x.reshape(node.shape)
        case "permute":
            return x.transpose(node["axes"])
        case "slice":
            where = (slice(None),) * node["axis"] + (slice(node["start"], node["stop"], node["step"]),)
            found: Array = x[where]
            return found
        case "concat":
            return np.concatenate(parts, axis=node["axis"])
        case "broadcast":
            return np.broadcast_to(x, node.shape)
    padded = np.full(node.shape, zero, dtype=x.dtype)
    padded[tuple(slice(before, before + size) for size, (before, _) in zip(x.shape, node["widths"], strict=True))] = x
    return padded
