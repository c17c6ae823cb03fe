"""Where a script made the modules of its network: nn.Linear(…), Block(…), wherever they are called later."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from torch import nn

from chainrule.step import Line
from chainrule.watching.place import caller, line_of


class Origins:
    """The line that called each module's class."""

    def __init__(self) -> None:
        self._made: weakref.WeakKeyDictionary[nn.Module, Line] = weakref.WeakKeyDictionary()

    def of(self, module: nn.Module) -> Line:
        return self._made.get(module, Line())

    def noting(self, init: Callable[..., None]) -> Callable[..., None]:
        """nn.Module.__init__, which notes the line as well."""

        @functools.wraps(init)
        def __init__(module: nn.Module, *args: Any, **kwargs: Any) -> None:
            init(module, *args, **kwargs)
            with suppress(Exception):  # a module without a hash
                self._made[module] = line_of(_maker(module, caller(1)))

        return __init__


def _maker(module: nn.Module, frame: FrameType | None) -> FrameType | None:
    """The frame behind the module's own __init__, and those of the classes that it is derived from."""
    own = {vars(kind)["__init__"].__code__ for kind in type(module).__mro__ if _is_function(vars(kind).get("__init__"))}
    while frame is not None and frame.f_code in own:
        frame = frame.f_back
    return frame


def _is_function(init: Any) -> bool:
    return hasattr(init, "__code__")
