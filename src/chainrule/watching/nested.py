"""An optimizer whose step() calls super().step(): torch's hooks run at both, and it is one step."""

from __future__ import annotations

import sys
from types import FrameType

from torch.optim import Optimizer

# torch puts this function around the step() of every class of optimizers of which there is an instance.
HOOKS_AROUND_STEP = Optimizer.profile_hook_step(lambda: None).__code__


def may_nest(kind: type[Optimizer]) -> bool:
    """Whether the class has a step() of its own and inherits another, which it may call."""
    return sum("step" in vars(base) for base in kind.__mro__ if base is not Optimizer) > 1


def is_inner_step(optimizer: Optimizer) -> bool:
    """Asked in a hook: whether this step() was called by another step() of the same optimizer."""
    if not may_nest(type(optimizer)):
        return False
    frame: FrameType | None = sys._getframe(1)
    found = 0
    while frame is not None and found < 2:
        if frame.f_code is HOOKS_AROUND_STEP:
            found += frame.f_locals["args"][0] is optimizer
        frame = frame.f_back
    return found > 1
