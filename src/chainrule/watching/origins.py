"""Where a script made the layers of its network: nn.Linear(…), nn.Softmax(…), wherever they are called later."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from torch import nn

from chainrule.step import Line
from chainrule.watching.place import TORCH, caller, line_of


class Origins:
    """Of modules whose forward is torch's: of one that the user wrote, its own lines tell more."""

    def __init__(self) -> None:
        self._made: weakref.WeakKeyDictionary[nn.Module, Line] = weakref.WeakKeyDictionary()

    def of(self, module: nn.Module) -> Line:
        return self._made.get(module, Line())

    def noting(self, init: Callable[..., None]) -> Callable[..., None]:
        """nn.Module.__init__, which notes the line as well."""

        @functools.wraps(init)
        def __init__(module: nn.Module, *args: Any, **kwargs: Any) -> None:
            init(module, *args, **kwargs)
            with suppress(Exception):  # a module without a hash, a forward that is no function
                if type(module).forward.__code__.co_filename.startswith(TORCH):
                    self._made[module] = line_of(caller(1))

        return __init__
