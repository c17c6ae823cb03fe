"""Which call without a gradient made numbers that are not finite of finite ones: 0/0 in data, before any layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import torch

from chainrule.step import Line
from chainrule.watching.functions import FUNCTIONS
from chainrule.watching.place import caller, line_of

Tensor = torch.Tensor
LARGEST = 1 << 24  # numbers; of more it is not asked
BREAK = {"div", "truediv", "rtruediv", "true_divide", "log", "log2", "log10", "log1p", "logit", "exp", "expm1"}
BREAK |= {"sqrt", "rsqrt", "reciprocal", "pow", "rpow", "std", "var", "mean", "acos", "asin", "atanh", "half"}
SUMS = {"mul", "rmul", "sum", "matmul", "mm", "bmm", "square", "norm", "cumsum", "prod", "dot", "add"}  # in half only


@lru_cache(FUNCTIONS)
def may_break(function: Callable[..., Any], half: bool) -> bool:
    name = getattr(function, "__name__", "").strip("_").removeprefix("i")
    return name in BREAK or (half and name in SUMS)


class Breaks:
    """The first of one step."""

    def __init__(self) -> None:
        self.first: tuple[Callable[..., Any], Line, int] | None = None  # the last is how many numbers it made so

    def note(self, function: Callable[..., Any], given: Iterable[Tensor], out: Any) -> None:
        """A call without a gradient was made."""
        if self.first is not None or not isinstance(out, Tensor):
            return
        if not may_break(function, out.dtype is torch.half):
            return
        if not out.is_floating_point() or not 0 < out.numel() <= LARGEST:
            return
        with torch._C.DisableTorchFunction(), torch.no_grad():
            finite = out.isfinite()
            if bool(finite.all()) or any(t is out or not bool(t.isfinite().all()) for t in given):
                return
            self.first = function, line_of(caller(1)), int((~finite).sum())
