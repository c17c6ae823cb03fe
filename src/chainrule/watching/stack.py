"""Where our mode stands in torch's stack of function modes, and how its presence stays unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch.overrides import TorchFunctionMode, _get_current_function_mode, _pop_mode, _push_mode
from torch.utils._python_dispatch import _disable_current_modes

HAS_TORCH_FUNCTION = torch.overrides.has_torch_function
NONE = nullcontext()


def _lifted() -> list[TorchFunctionMode]:
    return [_pop_mode() for _ in range(torch._C._len_torch_function_stack())]


def push_lowest(mode: TorchFunctionMode) -> None:
    """Below the user's modes, whose exits pop whatever is on top; above torch.set_default_device's context,
    which insists on being the lowest."""
    held = _lifted()
    default_device = getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None)
    if held and held[-1] is default_device:
        _push_mode(held.pop())
    _push_mode(mode)
    for other in reversed(held):
        _push_mode(other)


def remove(mode: TorchFunctionMode) -> None:
    for other in reversed(_lifted()):
        if other is not mode:
            _push_mode(other)


def unnoticed(mode: TorchFunctionMode) -> Any:
    """torch.overrides.has_torch_function as it would answer without our mode.

    nn.MultiheadAttention and nn.TransformerEncoder leave their fused inference path when it says yes, and the fused
    path rounds differently.
    """

    def has_torch_function(relevant_args: Any) -> bool:
        alone = torch._C._len_torch_function_stack() == 1 and _get_current_function_mode() is mode
        if not alone:
            return HAS_TORCH_FUNCTION(relevant_args)
        _pop_mode()
        try:
            return HAS_TORCH_FUNCTION(relevant_args)
        finally:
            _push_mode(mode)

    return has_torch_function


@contextmanager
def quiet() -> Iterator[None]:
    """Our own tensor operations: no gradient, no autocast, seen by none of the user's modes."""
    modes = _disable_current_modes() if torch._C._len_torch_dispatch_stack() else NONE
    with torch._C.DisableTorchFunction(), modes, torch.no_grad():
        yield
