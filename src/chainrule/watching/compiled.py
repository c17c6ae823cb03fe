"""Compiled code runs without our mode: dynamo would trace the recorder, or recompile because of it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from chainrule.watching.arrival import when_imported

DYNAMO = "torch._dynamo.eval_frame"
StepAside = Callable[[], Callable[[], None]]


def around_compiled_code(step_aside: StepAside) -> Callable[[], None]:
    """Call `step_aside` whenever compiled code is entered, and what it returns when it is left.

    Holds for everything that is compiled from now on. Returns the undo.
    """
    undo: list[Callable[[], None]] = []
    call_off = when_imported(DYNAMO, lambda: undo.append(_install(step_aside)))

    def remove() -> None:
        call_off()
        for one in undo:
            one()

    return remove


def _install(step_aside: StepAside) -> Callable[[], None]:
    context: Any = getattr(sys.modules[DYNAMO], "OptimizeContext", None)
    if context is None:  # another torch: compiled programs are then recorded as any other
        return lambda: None
    init = context.__init__

    @functools.wraps(init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        self.enter_exit_hooks.append(step_aside)

    context.__init__ = __init__
    return lambda: setattr(context, "__init__", init)
