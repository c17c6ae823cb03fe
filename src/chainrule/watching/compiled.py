"""Compiled code runs without our mode: dynamo would trace the recorder, or recompile because of it.

What was compiled before the watch runs with it; there dynamo is told to leave our own functions as they are.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from chainrule.watching.arrival import when_imported

DYNAMO = "torch._dynamo.eval_frame"
RULES = "torch._dynamo.trace_rules"
StepAside = Callable[[], Callable[[], None]]


def around_compiled_code(step_aside: StepAside) -> Callable[[], None]:
    """Call `step_aside` whenever compiled code is entered, and what it returns when it is left.

    Holds for everything that is compiled from now on. Returns the undo.
    """
    undo: list[Callable[[], None]] = []
    undo.append(when_imported(DYNAMO, lambda: undo.append(_install(step_aside))))
    undo.append(when_imported(RULES, _leave_us_alone))

    def remove() -> None:
        for one in undo:
            one()

    return remove


@functools.cache
def _leave_us_alone() -> None:
    skip = getattr(sys.modules[RULES], "add", None)
    if skip is not None:
        skip("chainrule")


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
