"""One call of a torch function, as the user's script made it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch

from chainrule.step.line import Line
from chainrule.step.value import Value

# A Value, a plain Python literal, or lists and tuples of them (and slices, for indexing).
Argument: TypeAlias = Any


@dataclass(slots=True, eq=False)
class Call:
    """A torch call, or one node of autograd's graph where no call of ours covers it.

    index       its number in the step; every call comes after the calls that made its inputs
    name        as the field writes it: "F.linear", "torch.sigmoid", "Tensor.__add__"; for a node, "MulBackward0"
    rule        the name of the rule that differentiates it, or None: then it is *opaque*
    reason      why it is opaque, else ""
    module      path of the innermost nn.Module that made the call, "" outside of modules
    file, line  the user's source line
    made        where the script made that module, if it is one of torch's (nn.Linear(…)) and was made under the watch
    arguments   by the name the rule gives them; tensors as Values
    outputs     the resulting Values
    saved       numbers a rule took at the moment of the call (a dropout mask)
    lost        names of those of `saved` that the run did not keep
    autocast    the dtype autocast was using at the call, or None
    sent        opaque only: the gradient that autograd sent to each of `inputs`
    """

    index: int
    name: str
    rule: str | None
    module: str
    file: str
    line: int
    arguments: dict[str, Argument]
    outputs: list[Value]
    reason: str = ""
    saved: dict[str, torch.Tensor] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    autocast: torch.dtype | None = None
    sent: list[torch.Tensor | None] | None = None
    made: Line = Line()

    @property
    def output(self) -> Value:
        return self.outputs[0]

    @property
    def inputs(self) -> list[Value]:
        """The inputs a gradient flows to, in the order of the arguments, each use once."""
        return [value for value in self.values if value.requires_grad]

    @property
    def values(self) -> list[Value]:
        """Every tensor among the arguments."""
        return [value for argument in self.arguments.values() for value in arguments_of(argument)]

    @property
    def takes_weight(self) -> bool:
        """Whether a leaf that wants a gradient is among the arguments."""
        return any(value.kind == "parameter" for value in self.values)

    def missing(self, names: Iterable[str]) -> str:
        """The first of these arguments ("output" is the output), or of `saved`, whose numbers were not kept, or ""."""
        if self.lost:
            return self.lost[0]
        for name in names:
            argument = self.outputs if name == "output" else self.arguments.get(name)
            if any(value.tensor is None for value in arguments_of(argument)):
                return name
        return ""

    @property
    def where(self) -> str:
        """file:line, as errors and reports print it."""
        return f"{self.file}:{self.line}" if self.file else ""

    def __repr__(self) -> str:
        return f"<{self.index} {self.name} {self.module} {self.where}>"


def arguments_of(argument: Argument) -> Iterator[Value]:
    """The Values inside one argument."""
    if isinstance(argument, Value):
        yield argument
    elif isinstance(argument, list | tuple):
        for part in argument:
            yield from arguments_of(part)


def map_argument(change: Callable[[Any], Any], argument: Argument) -> Argument:
    """The argument with `change` applied to every part that is not itself a list, a tuple or a slice."""
    if isinstance(argument, list | tuple):
        return type(argument)([map_argument(change, part) for part in argument])
    if isinstance(argument, slice):
        return slice(*(map_argument(change, part) for part in (argument.start, argument.stop, argument.step)))
    return change(argument)
