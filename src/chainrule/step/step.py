"""One training step: from the first forward call to the optimizer's last write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from chainrule.step.call import Call
from chainrule.step.line import Line
from chainrule.step.value import Value


@dataclass(slots=True, eq=False)
class Backward:
    """One backward pass of autograd, as the user's script started it.

    roots      the values it started from, usually the loss
    seeds      the upstream gradient each root was given; 1 for a loss
    calls      the calls between the roots and the parameters, inputs first
    received   {value index: the gradient that autograd delivered to that leaf}
    hooked     indices of leaves whose gradient a hook of the script may have changed on delivery
    upstream   {call index: autograd's gradient of each output}, where the call is to be checked alone
    delivered  {call index: what autograd sent to each of the call's inputs}, for the same check
    at         where the script started it
    returned   torch.autograd.grad: the gradients were handed to the script, not added to .grad
    """

    roots: list[Value]
    seeds: list[torch.Tensor]
    calls: list[Call]
    received: dict[int, torch.Tensor] = field(default_factory=dict)
    hooked: set[int] = field(default_factory=set)
    upstream: dict[int, list[torch.Tensor | None]] = field(default_factory=dict)
    delivered: dict[int, list[torch.Tensor | None]] = field(default_factory=dict)
    at: Line = Line()
    returned: bool = False


@dataclass(slots=True, eq=False)
class ParameterUpdate:
    """How the optimizer moved one parameter. All tensors have the parameter's shape unless they are counters.

    before     the weight before the update
    gradient   the .grad the optimizer used
    state      the optimizer's state before the update: momentum_buffer, exp_avg, step, ...
    settings   the parameter group's settings: lr, momentum, betas, ...
    after      the weight the optimizer really wrote; None where the script changed it without an optimizer
               and ended before that could be seen
    """

    before: torch.Tensor
    gradient: torch.Tensor
    state: dict[str, Any]
    settings: dict[str, Any]
    after: torch.Tensor | None = None


@dataclass(slots=True, eq=False)
class Update:
    """One optimizer.step().

    optimizer   the class's name, "" where the script writes the weights itself
    parameters  by the index of the parameter's Value
    idle        the Values of the step's parameters that the optimizer has, and whose .grad was None
    strangers   the number of its parameters that took no part in the step
    at          where the script called step()
    made        where the script made the optimizer
    scheduled   where it made the scheduler of its learning rate last; no line where there is none
    factor      where the script's own function for that scheduler ends, as LambdaLR takes one
    """

    optimizer: str
    parameters: dict[int, ParameterUpdate]
    idle: tuple[int, ...] = ()
    strangers: int = 0
    at: Line = Line()
    made: Line = Line()
    scheduled: Line = Line()
    factor: Line = Line()


@dataclass(slots=True, frozen=True)
class Aside:
    """A call that the loss does not depend on, and that a diagnosis asks for. At most one for each line and function.

    name, module, at  as those of a Call
    source            number of the Value with a gradient that it took, where its result has none: detach(), argmax,
                      item(), or anything under no_grad; None where it took none: a loss of data alone, or `trains`
    leaf              name of the parameter that it took, where an optimizer waits for that and no other call of the
                      step has it: then it is the source
    result            number of the data Value that its result, or what was computed of it, entered other calls as; None
                      where none did
    trains            it drew dropout or took a batch's statistics while no gradient was wanted, as an evaluation should
                      not
    off               where the script switched gradients off for it: the `with` or the decorator; no line where it did
                      not, or where that is not seen
    """

    name: str
    module: str
    at: Line
    source: int | None
    result: int | None
    trains: bool
    leaf: str = ""
    off: Line = Line()


@dataclass(slots=True, frozen=True)
class Frozen:
    """A weight that has no gradient.

    at       the line of the first layer that took it
    drawn    whether it is still as first weights are
    by       where the script froze it; no line where it did so in another step
    """

    at: Line
    drawn: bool
    by: Line = Line()


@dataclass(slots=True, frozen=True)
class Part:
    """Data that were taken out of more data in this step.

    rows    of the tensor that they are rows of
    at      where the script took them
    others  whether it took other rows of that tensor in this step, too
    index   a number of the indices that took them, the same for the same indices; −1 for rows that follow each other
    """

    rows: int
    at: Line
    others: bool
    index: int = -1


@dataclass(slots=True, frozen=True)
class Reordered:
    """All rows of a tensor were put into an order in this step into which no other tensor was put.

    at      where
    rows    how many
    enters  numbers of the Values that are rows of the new tensor, as far as that can be seen
    """

    at: Line
    rows: int
    enters: tuple[int, ...]


@dataclass(slots=True, frozen=True)
class Resting:
    """An optimizer that has made no step yet.

    optimizer, made  as those of an Update
    received         numbers of the Values of its parameters that got a gradient in this step
    """

    optimizer: str
    made: Line
    received: tuple[int, ...]


@dataclass(slots=True, frozen=True)
class Break:
    """A call without a gradient that made numbers that are not finite of finite ones.

    name, at  as those of a Call
    count     how many
    """

    name: str
    at: Line
    count: int


@dataclass(slots=True, frozen=True)
class Noise:
    """Random numbers that the script put on data in this step, and it still has the data as they were; or other data,
    that go with these, were taken beside them, and no call has a use for them.

    at      where it did so
    share   how far they moved the data, or those taken beside them are away, root mean square, by the spread of these
    rows    how many different rows the data as they were have
    beside  whether they were taken beside these data
    """

    at: Line
    share: float
    rows: int
    beside: bool = False


@dataclass(slots=True, eq=False)
class Exchange:
    """The gradients of a step in which several processes train together, as they were after its backward passes.

    by         "DistributedDataParallel" where torch's wrapper was to average them in this step, else ""
    ranks      the processes that share, by their rank, this one among them
    gradients  {index of a parameter's Value: what the step added to .grad, exchange included}
    """

    by: str
    ranks: tuple[int, ...]
    gradients: dict[int, torch.Tensor]


@dataclass(slots=True, frozen=True)
class Agreement:
    """The worst relative differences found, and what rounding alone allows. nan where there was nothing to compare.

    parameters             ours against autograd's gradient, over all parameters
    parameters_tolerance   the bound derived in breakdown/verify.py
    calls                  each rule alone against autograd, with autograd's own upstream gradient
    calls_tolerance
    update                 our update rule against the weights the optimizer wrote
    update_tolerance
    by_rule, opaque        number of calls differentiated by our rules, and by autograd
    errors                 a sentence for each disagreement beyond its tolerance: an error of ours
    """

    parameters: float = float("nan")
    parameters_tolerance: float = float("nan")
    calls: float = float("nan")
    calls_tolerance: float = float("nan")
    update: float = float("nan")
    update_tolerance: float = float("nan")
    by_rule: int = 0
    opaque: int = 0
    errors: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.errors

    @property
    def proved(self) -> bool:
        """Every rule was checked alone and agreed: only then is a step called proved."""
        return self.holds and self.calls == self.calls


@dataclass(slots=True, eq=False)
class Step:
    """One training step.

    index       from 0
    loss        the value of the last backward's root, or nan
    values      every Value, by its index
    calls       every recorded call, inputs first
    backwards   one for each backward pass, in order
    updates     one for each optimizer.step(), in order
    gradients   {value index: gradient of the loss} by our own chain rule (breakdown/backward.py)
    agreement   with autograd and with the optimizer (breakdown/verify.py)
    problems    what could not be recorded, and why
    lost        indices of values whose gradient the run did not keep
    exchange    with the other processes of a distributed training; None where there are none
    asides      calls beside the graph, in order
    parts       {value index: what larger tensor these data are rows of}
    noises      {value index: the noise on these data}
    random      numbers of the Values that hold nothing but random numbers, drawn in this step, and what was computed of
                such
    reordered   tensors of which all rows were put into an order into which no other was put
    resting     the optimizers that are there and have made no step so far
    broken      the first call without a gradient that made numbers that are not finite; None where none did
    frozen      {name of a weight that a layer took and that is not to be trained: more about it}
    shortened   the line that clipped or scaled a gradient, as clip_grad_norm_ does; no line where none did
    drawn       {name of a parameter: the line that wrote its numbers last, as nn.init's functions do}
    overwritten the line that wrote into a weight last, beside the optimizers; no line where none did
    """

    index: int
    loss: float = float("nan")
    values: list[Value] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    backwards: list[Backward] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    gradients: dict[int, torch.Tensor] = field(default_factory=dict)
    agreement: Agreement | None = None
    problems: list[str] = field(default_factory=list)
    lost: set[int] = field(default_factory=set)
    exchange: Exchange | None = None
    asides: list[Aside] = field(default_factory=list)
    parts: dict[int, Part] = field(default_factory=dict)
    noises: dict[int, Noise] = field(default_factory=dict)
    random: set[int] = field(default_factory=set)
    reordered: list[Reordered] = field(default_factory=list)
    resting: list[Resting] = field(default_factory=list)
    broken: Break | None = None
    frozen: dict[str, Frozen] = field(default_factory=dict)
    shortened: Line = Line()
    drawn: dict[str, Line] = field(default_factory=dict)
    overwritten: Line = Line()

    @property
    def parameters(self) -> dict[str, Value]:
        """Every leaf that requires grad and took part, by name."""
        return {value.name: value for value in self.values if value.kind == "parameter" and value.name}

    def clear(self) -> None:
        """Let go of every tensor now; the step refers to itself, so the garbage collector would come too late."""
        for call in self.calls:
            call.arguments.clear()
            call.outputs.clear()
        for backward in self.backwards:
            backward.calls.clear()
        for part in (self.values, self.calls, self.backwards, self.updates, self.gradients, self.asides, self.parts):
            part.clear()
        self.exchange = None
