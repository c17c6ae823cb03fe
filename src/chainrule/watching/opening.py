"""Opening a Python function of torch that has no rule: its inside is made of functions that have one.

torch gives a mode no way back into the body: the function asks whether it is overridden, and the answer is yes. So the
body is run as a copy of the function whose own globals answer no; what it calls resolves in its own module, and
reaches the mode. torch itself is not changed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import CellType, FunctionType
from typing import Any

import torch

OPENED = ("torch.nn.functional", "torch.functional")
FUNCTIONS = 1024
QUESTIONS = ("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic")


def can_open(function: Callable[..., Any], tensors: list[torch.Tensor]) -> bool:
    """Whether the function is Python of torch's, and nothing else would override it."""
    plain = all(type(t) in (torch.Tensor, torch.nn.Parameter) for t in tensors)
    return plain and isinstance(function, FunctionType) and function.__module__ in OPENED


@lru_cache(FUNCTIONS)
def body_of(function: Any) -> Callable[..., Any]:
    """The function as it runs where nothing overrides it."""
    body: Callable[..., Any] = _copy(getattr(function, "__wrapped__", function), depth=2)
    return body


def _copy(function: Any, depth: int) -> Any:
    if not isinstance(function, FunctionType) or depth == 0:
        return function
    answers = {name: _no for name in QUESTIONS if name in function.__globals__}
    cells = tuple(CellType(_copy(cell.cell_contents, depth - 1)) for cell in function.__closure__ or ())
    made = FunctionType(
        function.__code__, {**function.__globals__, **answers}, function.__name__, function.__defaults__, cells
    )
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def _no(*args: Any) -> bool:
    return False
