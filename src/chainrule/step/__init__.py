"""What one training step computed, as plain data: values, calls, backward passes, updates."""

from chainrule.step.call import Argument, Call, arguments_of, map_argument
from chainrule.step.line import Line
from chainrule.step.step import (
    Agreement,
    Aside,
    Backward,
    Break,
    Exchange,
    Frozen,
    Noise,
    ParameterUpdate,
    Part,
    Reordered,
    Resting,
    Step,
    Update,
)
from chainrule.step.value import Summary, Value

__all__ = [
    "Agreement",
    "Argument",
    "Aside",
    "Backward",
    "Break",
    "Call",
    "Exchange",
    "Frozen",
    "Line",
    "Noise",
    "ParameterUpdate",
    "Part",
    "Reordered",
    "Resting",
    "Step",
    "Summary",
    "Update",
    "Value",
    "arguments_of",
    "map_argument",
]
