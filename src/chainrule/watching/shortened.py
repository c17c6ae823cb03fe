"""Where a script makes gradients smaller before they are used: clip_grad_norm_, clip_grad_value_, or by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

from chainrule.step import Line
from chainrule.watching.place import caller, line_of

Tensor = torch.Tensor
SET_GRADIENT = Tensor.grad.__set__  # type: ignore[union-attr]
SHORTENS = {
    Tensor.mul_,
    Tensor.div_,
    Tensor.clamp_,
    Tensor.clamp_min_,
    Tensor.clamp_max_,
    torch._foreach_mul_,
    torch._foreach_div_,
    torch._foreach_clamp_min_,
    torch._foreach_clamp_max_,
}


class Shortened:
    """The line that wrote last to a gradient of one step's leaves."""

    def __init__(self) -> None:
        self.by = Line()

    def note(self, func: Callable[..., Any], args: tuple[Any, ...], leaves: Iterable[Tensor]) -> None:
        """A call was made."""
        if func == SET_GRADIENT:
            if isinstance(args[1], Tensor) and any(args[0] is leaf for leaf in leaves):
                self.by = line_of(caller(2))
        elif func in SHORTENS:
            written = {tensor.data_ptr() for tensor in (args[0] if isinstance(args[0], list | tuple) else [args[0]])}
            if any(leaf.grad is not None and leaf.grad.data_ptr() in written for leaf in leaves):
                self.by = line_of(caller(2))
