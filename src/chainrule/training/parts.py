"""Model, loss, optimizer and data of a training: one step of it in PyTorch, and the graph of that step."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from chainrule import step as data
from chainrule.errors import BadOption
from chainrule.native.capture import Batch, Captured, capture
from chainrule.native.graph import CannotLower
from chainrule.native.job import need_agreement, need_equal, same_way
from chainrule.native.memory import Array
from chainrule.native.order import Order
from chainrule.training.kept import Attributes, Kept
from chainrule.training.one_step import OneStep, watched
from chainrule.watching.reads import Reads

Tensor = torch.Tensor
MOST_AT_ONCE = 20_000  # samples of one forward pass, which is recorded in memory


@dataclass
class Parts:
    """What takes part in a training."""

    model: Callable[..., Tensor]
    loss_fn: Callable[..., Tensor]
    optimizer: torch.optim.Optimizer
    inputs: tuple[Tensor, ...]
    target: Tensor
    order: Order

    @property
    def names(self) -> list[str]:
        """Of the leaves of inputs and target."""
        return [*("x" if len(self.inputs) == 1 else f"x{place}" for place in range(len(self.inputs))), "y"]

    @property
    def whole(self) -> dict[str, Tensor]:
        """The user's arrays that have a row for each sample, by the names of their leaves."""
        everything = zip(self.names, (*self.inputs, self.target), strict=True)
        return {name: t for name, t in everything if t.dim() and len(t) == self.order.samples}

    @property
    def parameters(self) -> dict[str, Tensor]:
        """All that may be trained, by name: those of the model, of the loss, and others that the optimizer has."""
        found: dict[int, tuple[str, Tensor]] = {}
        for owner, prefix in ((self.model, ""), (self.loss_fn, "loss.")):
            if isinstance(owner, nn.Module):
                for name, p in owner.named_parameters():
                    found.setdefault(id(p), (prefix + name, p))
        for group in self.optimizer.param_groups:
            for p in group["params"]:
                found.setdefault(id(p), (f"parameter{len(found)}", p))
        return dict(found.values())

    @property
    def modules(self) -> list[nn.Module]:
        owners = [owner for owner in (self.model, self.loss_fn) if isinstance(owner, nn.Module)]
        return list(dict.fromkeys(module for owner in owners for module in owner.modules()))

    @property
    def buffers(self) -> list[Tensor]:
        owners = [owner for owner in (self.model, self.loss_fn) if isinstance(owner, nn.Module)]
        return [buffer for module in owners for buffer in module.buffers()]

    def batch(self, rows: Array | None) -> tuple[list[Tensor], Tensor]:
        """The rows of the inputs and of the target; all of them where `rows` is None."""
        if rows is None:
            return list(self.inputs), self.target
        index = torch.from_numpy(rows.reshape(-1))
        everything = zip(self.names, (*self.inputs, self.target), strict=True)
        *inputs, target = [t[index] if name in self.whole else t for name, t in everything]
        return inputs, target

    # ------------------------------------------------------------ one step in PyTorch

    def eager_step(self, rows: Array | None) -> float:
        """One step as a loop in PyTorch makes it; its loss."""
        inputs, target = self.batch(rows)
        self.optimizer.zero_grad()
        loss = self.loss_fn(self.model(*inputs), target)
        loss.backward()
        if all(p.grad is None for group in self.optimizer.param_groups for p in group["params"]):
            raise BadOption("optimizer", "one of other parameters", "none of its parameters takes part in the loss")
        self.optimizer.step()
        return float(loss.detach())

    # ------------------------------------------------------------ capture

    def captures(self, rows: Array | None) -> dict[int, Captured]:
        """{batch size: the graph of forward and backward}; `rows` are those of the first step, None for all.

        Raises CannotLower, also where two batches went different ways or autograd disagrees.
        """
        for owner in (self.model, self.loss_fn):
            need_no_hooks(owner)
        sizes = list(dict.fromkeys(self.order.sizes))
        rows = np.arange(self.order.samples) if rows is None else rows.reshape(-1)
        others = np.arange(self.order.samples)[::-1][: sizes[0]]  # in another order, where all are one batch
        first, *_ = self._captured(rows)
        second, step, batch = self._captured(others, draws=True)
        need_equal(first, second)
        need_agreement(second, step, batch)
        if first.derived:
            first.derived = self._derived([(rows, first), (others, second)])
        found = {sizes[0]: first}
        for size in sizes[1:]:
            found[size], step, batch = self._captured(others[:size])
            need_agreement(found[size], step, batch)
        return found

    def _derived(self, known: list[tuple[Array, Captured]]) -> dict[str, Tensor]:
        """What the script made of the data, for all samples, which must be what it is in each captured batch."""
        samples = self.order.samples
        if samples > MOST_AT_ONCE:
            raise CannotLower(f"what is made of {samples:,} samples of whole numbers is not known in advance")
        whole, *_ = self._captured(np.arange(samples))
        for rows, captured in known:
            same = whole.derived.keys() == captured.derived.keys() and same_way(whole, captured)
            for name, part in captured.derived.items():
                if not same or not torch.equal(whole.derived[name][torch.from_numpy(rows.copy())], part):
                    raise CannotLower("what is made of a sample's data differs from batch to batch")
        return whole.derived

    def _captured(self, rows: Array, draws: bool = False) -> tuple[Captured, data.Step, Batch]:
        """The graph of forward and backward on these rows, which are leaves that require grad; nothing is trained.

        draws   from other random numbers: noise that the script draws is then another, and no constant
        """
        inputs, target = self.batch(np.ascontiguousarray(rows))
        whole = self.whole
        leaves = {name: t.detach().clone() for name, t in zip(self.names, (*inputs, target), strict=True)}
        rows_of = {name: leaf for name, leaf in leaves.items() if name in whole}
        for leaf in rows_of.values():
            leaf.requires_grad_(leaf.is_floating_point())
        observer = OneStep(judged=False)
        reads = Reads()

        def forward_and_backward() -> None:
            *x, y = [leaf.clone() if leaf.requires_grad else leaf for leaf in leaves.values()]
            versions = [part._version for part in (*x, y)]
            with reads.begin([*x, y]):
                loss = self.loss_fn(self.model(*x), y)
            if versions != [part._version for part in (*x, y)]:
                raise CannotLower("the data is written to, and other data at the next step")
            loss.backward()

        before = Kept([*self.parameters.values(), *self.buffers], self.optimizer, modules=self.modules)
        attributes = [Attributes(module) for module in self.modules]
        if draws:
            torch.default_generator.manual_seed(
                torch.initial_seed() + 1
            )  # a draw would leave the normal kept for later
        for p in self.parameters.values():
            p.grad = None
        try:
            watched(forward_and_backward, observer, [self.optimizer], display_bytes=sys.maxsize)  # each leaf is known
            if (hidden := reads.first) is not None:
                raise CannotLower(hidden.reason, hidden.name, str(hidden.at or ""))
            for one in attributes:
                if name := one.changed():
                    raise CannotLower(f"a forward pass changes {name!r}", type(one.module).__name__)
            step = observer.result
            batch = Batch(rows_of, whole, self.parameters, reads.made, reads.detached)
            return capture(step, batch), step, batch
        finally:
            before.restore()


def need_no_hooks(owner: Any) -> None:
    """Raises CannotLower where a hook of the script runs in every step."""
    if not isinstance(owner, nn.Module):
        return
    for name, module in owner.named_modules():
        forward, backward = module._forward_hooks, module._backward_hooks
        if forward or backward or module._forward_pre_hooks or module._backward_pre_hooks:
            raise CannotLower("a hook of the script runs in it", name or type(owner).__name__)
    for name, p in owner.named_parameters():
        if p._backward_hooks or getattr(p, "_post_accumulate_grad_hooks", None):
            raise CannotLower("a hook of the script runs on its gradient", name)
