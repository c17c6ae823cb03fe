"""Where the script switched gradients off: the `with` block, or the decorator, that a call is made in."""

from __future__ import annotations

import ast
import linecache
from functools import lru_cache
from types import FrameType
from typing import NamedTuple

from chainrule.step import Line
from chainrule.watching.place import is_users

SWITCHES = ("no_grad", "inference_mode", "set_grad_enabled")


class Block(NamedTuple):
    """Lines of a source file, and the one that switches gradients off for them."""

    first: int
    last: int
    at: int


def switched_off(frame: FrameType | None) -> Line:
    """The innermost of the user's blocks that a call from `frame` is made in; no line where it is not seen in the
    source, as with a plain torch.set_grad_enabled(False)."""
    while frame is not None:
        file, line = frame.f_code.co_filename, frame.f_lineno
        if is_users(file):
            around = [block for block in _blocks(file) if block.first <= line <= block.last]
            if around:
                return Line(file, max(around).at)
        frame = frame.f_back
    return Line()


@lru_cache
def _blocks(file: str) -> tuple[Block, ...]:
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):  # a notebook's cell with magics
        return ()
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.With | ast.AsyncWith):
            switches = [item.context_expr for item in node.items]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            switches = node.decorator_list
        else:
            continue
        found += [Block(node.lineno, node.end_lineno or 0, one.lineno) for one in switches if _switches(one)]
    return tuple(found)


def _switches(expression: ast.expr) -> bool:
    called = expression.func if isinstance(expression, ast.Call) else expression
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return name in SWITCHES
