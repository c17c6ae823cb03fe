"""Where a script writes to gradients before they are used, and to weights before they are trained."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import torch

from chainrule.step import Line
from chainrule.watching.alive import Known
from chainrule.watching.functions import FUNCTIONS
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
DRAWS = {Tensor.fill_, Tensor.zero_, Tensor.normal_, Tensor.uniform_, Tensor.mul_, Tensor.div_}
OVERWRITES = {"copy_", "lerp_", "add_", "sub_", "mul_", "div_", "addcmul_", "clamp_", "zero_", "fill_", "set_"}
INIT = "torch.nn.init"


@lru_cache(FUNCTIONS)
def may_write(function: Callable[..., Any]) -> bool:
    """Whether it is one of those below."""
    known = function == SET_GRADIENT or function in SHORTENS or function in DRAWS
    named = getattr(function, "__name__", "") in OVERWRITES or getattr(function, "__module__", "") == INIT
    return known or named


class Writes:
    """Those of one step: the last line that shortened a gradient, the last that drew each weight, and the last that
    wrote into any weight, beside the optimizer."""

    def __init__(self) -> None:
        self.shortened = Line()
        self.overwritten = Line()
        self._drawn: Known[Tensor, Line] = Known()
        self._alias: tuple[weakref.ref[Tensor], weakref.ref[Tensor]] | None = None

    def note(
        self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], leaves: Mapping[int, Tensor]
    ) -> None:
        """A call was made."""
        if not may_write(func):
            return
        if func == SET_GRADIENT:
            if isinstance(args[1], Tensor) and any(args[0] is leaf for leaf in leaves.values()):
                self.shortened = line_of(caller(2))
            return
        if func in SHORTENS:
            written = {tensor.data_ptr() for tensor in (args[0] if isinstance(args[0], list | tuple) else [args[0]])}
            if any(leaf.grad is not None and leaf.grad.data_ptr() in written for leaf in leaves.values()):
                self.shortened = line_of(caller(2))
        draws = func in DRAWS or getattr(func, "__module__", "") == INIT
        overwrites = getattr(func, "__name__", "") in OVERWRITES
        if draws or overwrites:
            weight = self._behind(args[0] if args else kwargs["tensor"])
            if weight.is_leaf and weight.requires_grad:
                at = line_of(caller(2))
                if draws:
                    self._drawn[weight] = at
                if overwrites:
                    self.overwritten = at

    def alias(self, weight: Tensor, data: Tensor) -> None:
        """`weight.data` was read: what is written to it is written to the weight."""
        self._alias = weakref.ref(data), weakref.ref(weight)

    def _behind(self, tensor: Tensor) -> Tensor:
        weight = self._alias[1]() if self._alias is not None and self._alias[0]() is tensor else None
        return tensor if weight is None else weight

    def named(self, names: Mapping[int, str]) -> dict[str, Line]:
        """The lines that wrote to weights, by the weight's name."""
        return {names[id(weight)]: line for weight, line in self._drawn.items() if id(weight) in names}
