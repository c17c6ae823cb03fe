"""What happens at every training step, in as few operations as can be: every step pays for it.

Measured on a 65 µs step: the two hooks below, which do all of it themselves, cost 2 to 3 %; the same spread over six
small functions cost 7 %, because the training evicts them from the processor's caches between any two steps. What
they cost is won back where backward() is called on one number: the engine is entered with what torch would hand it,
without torch's looking for roots, gradients and inputs that were not given.
"""

from __future__ import annotations

import functools
import math
import weakref
from collections.abc import Callable
from threading import get_ident
from typing import Any, Protocol

import torch
from torch import autograd
from torch.overrides import has_torch_function_unary

Tensor = torch.Tensor
NAN = math.nan
in_a_transform = torch._C._are_functorch_transforms_active


class Tape(Protocol):
    """Where losses are written: `losses[i]` of step i, a float, and `header[0]`, how many there are."""

    @property
    def losses(self) -> memoryview[float]: ...

    @property
    def header(self) -> memoryview[int]: ...


class Pulse:
    """Reads the loss at every backward pass and counts at every optimizer step, as long as all is routine.

    Routine is: one optimizer, a loss between `low` and `high`, and a step before `until`. Everything else goes to
    `unusual` (an optimizer stepped) and `settle` (a backward pass is over), which see the state as it was before.

    count   number of training steps that are over
    loss    of the step in flight, nan where it had no backward pass yet
    thread  the one whose steps are counted
    only    the optimizer whose step ends a step, or None where that is not known or there are several
    """

    __slots__ = ("count", "header", "high", "loss", "losses", "low", "only", "settle", "thread", "until", "unusual")

    def __init__(self, unusual: Callable[[Any], None], settle: Callable[[Any, bool], None]) -> None:
        self.unusual = unusual
        self.settle = settle
        self.thread = get_ident()
        self.count = 0
        self.loss = math.nan
        self.only: weakref.ref[torch.optim.Optimizer] | None = None
        self.rest()

    def rest(self) -> None:
        """Nothing is routine."""
        self.until = 0
        self.low = self.high = math.nan

    def beat(self, tape: Tape | None, low: float, high: float, until: int) -> None:
        """Routine until step `until`, with losses from `low` to `high` written to the tape."""
        if tape is None:
            self.rest()
            return
        self.losses, self.header = tape.losses, tape.header
        self.low, self.high, self.until = low, high, min(until, len(tape.losses))

    def counts(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        """The optimizer hook: optimizer.step() is over."""
        count = self.count
        if count < self.until and self.low < self.loss <= self.high and self.only() is optimizer:  # type: ignore[misc]
            self.losses[count] = self.loss
            self.header[0] = self.count = count + 1
            self.loss = NAN
        else:
            self.unusual(optimizer)

    def reads_loss(self, backward: Callable[..., None]) -> Callable[..., None]:
        """torch.autograd.backward, through which Tensor.backward goes too; its arguments spelt out, not packed.

        One plain, real number with nothing else given is torch's common case: the gradient of it is 1, of its kind.
        """
        torchs_own = is_torchs(backward)

        @functools.wraps(backward)
        def reads_loss(
            tensors: Any,
            grad_tensors: Any = None,
            retain_graph: bool | None = None,
            create_graph: bool = False,
            grad_variables: Any = None,
            inputs: Any = None,
        ) -> None:
            if (
                (self.until and torchs_own and type(tensors) is Tensor)
                and (grad_tensors is None and inputs is None and grad_variables is None)
                and (tensors.requires_grad and tensors.numel() == 1 and tensors.dtype.is_floating_point)
                and not (has_torch_function_unary(tensors) or in_a_transform())
            ):
                autograd._engine_run_backward(  # type: ignore[attr-defined]
                    (tensors,),
                    (torch.ones_like(tensors, memory_format=torch.preserve_format),),
                    create_graph if retain_graph is None else retain_graph,
                    create_graph,
                    (),
                    allow_unreachable=True,
                    accumulate_grad=True,
                )
            else:
                backward(tensors, grad_tensors, retain_graph, create_graph, grad_variables, inputs)
            if get_ident() != self.thread:
                return
            if self.until:
                try:
                    self.loss = tensors.item()
                except (AttributeError, RuntimeError):  # several roots, or not one number
                    self.loss = first_number(tensors)
            else:
                self.settle(tensors, create_graph)

        return reads_loss


def is_torchs(backward: Callable[..., None]) -> bool:
    """Whether it is torch's own, and not what a library has put in its place."""
    code = getattr(backward, "__code__", None)
    return code is not None and code.co_filename == autograd.__file__


def first_number(tensors: Any) -> float:
    """The loss: the value of the first root, where that is a single real number; else nan."""
    try:
        root = tensors if isinstance(tensors, Tensor) else tensors[0]
        value = root.item()
    except (AttributeError, IndexError, RuntimeError, TypeError):
        return math.nan
    return value if isinstance(value, float) else math.nan
