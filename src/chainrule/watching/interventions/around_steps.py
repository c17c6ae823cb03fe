"""Interventions around backward() and the optimizer's step()."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from chainrule.watching.interventions.optimizers import OPTIMIZERS

Tensor = torch.Tensor


def with_settings(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Every group has other settings while its optimizer steps; between the steps a schedule finds its own."""
    kept: dict[int, list[dict[str, Any]]] = {}

    def before(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        kept[id(optimizer)] = []
        for group in optimizer.param_groups:
            new = change(group)
            kept[id(optimizer)].append({name: group[name] for name in new})
            group.update(new)

    def after(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        for group, old in zip(optimizer.param_groups, kept.pop(id(optimizer), []), strict=False):
            group.update(old)

    OPTIMIZERS.follow()
    register_optimizer_step_pre_hook(before)
    register_optimizer_step_post_hook(after)


def rate(settings: dict[str, Any]) -> None:
    with_settings(lambda group: {"lr": group["lr"] * settings["factor"]} if "lr" in group else {})


def set_settings(settings: dict[str, Any]) -> None:
    def changed(group: dict[str, Any]) -> dict[str, Any]:
        new = {name: value for name, value in settings["settings"].items() if name in group}
        if "lr" in new:  # a rate that is lower for a reason of the script's is raised, never lowered
            new["lr"] = max(float(group["lr"]), new["lr"])
        return new

    with_settings(changed)


def nothing(loss: Tensor) -> None:
    return None


def around_backward(
    before: Callable[[Tensor], None] = nothing,
    after: Callable[[Tensor], None] = nothing,
    seed: float = 1.0,
    start: Callable[[Any], Any] = lambda tensors: tensors,
) -> None:
    """`before` and `after` see the loss; with a seed other than 1 the pass starts from that many times the loss, and
    from what `start` makes of it."""
    backward = torch.autograd.backward

    @functools.wraps(backward)
    def changed(tensors: Any, grad_tensors: Any = None, *args: Any, **kwargs: Any) -> None:
        tensors = start(tensors)
        loss = tensors if isinstance(tensors, Tensor) else tensors[0]
        before(loss)
        if seed != 1.0 and grad_tensors is None and loss.numel() == 1:
            grad_tensors = torch.full_like(loss, seed)
        backward(tensors, grad_tensors, *args, **kwargs)
        after(loss)

    torch.autograd.backward = changed


class Clearing:
    """Gradients of before a step are gone when the first backward pass after it begins."""

    def __init__(self) -> None:
        self.fresh = False  # a backward pass has been since the last step
        OPTIMIZERS.follow()
        around_backward(self._clear, self._arrived)
        register_optimizer_step_post_hook(self._stepped)

    def _clear(self, loss: Tensor) -> None:
        if not self.fresh:
            clear_all()

    def _arrived(self, loss: Tensor) -> None:
        self.fresh = True

    def _stepped(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        self.fresh = False


def clear_all() -> None:
    for optimizer in OPTIMIZERS:
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = None


def clear(settings: dict[str, Any]) -> None:
    Clearing()


def keep(settings: dict[str, Any]) -> None:
    clearing = Clearing()
    for owner in (Optimizer, nn.Module):
        setattr(owner, "zero_grad", _unless(clearing, owner.zero_grad))  # noqa: B010


def _unless(clearing: Clearing, zero_grad: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(zero_grad)
    def zero_grad_later(self: Any, *args: Any, **kwargs: Any) -> None:
        if not clearing.fresh:
            zero_grad(self, *args, **kwargs)

    return zero_grad_later


def step(settings: dict[str, Any]) -> None:
    """Where the script has no optimizer, Adam with a learning rate of 0.01."""
    OPTIMIZERS.follow()

    def step_now(loss: Tensor) -> None:
        if not list(OPTIMIZERS):
            made.append(torch.optim.Adam(seen[0], lr=0.01))
        for optimizer in OPTIMIZERS:
            if "step" not in vars(optimizer):
                optimizer.step = types.MethodType(_nothing_to_do, optimizer)  # type: ignore[method-assign]
            type(optimizer).step(optimizer)
        clear_all()

    made: list[Optimizer] = []
    seen: list[list[Tensor]] = []  # a graph is gone after its backward pass
    around_backward(lambda loss: seen.append(list(leaves(loss))) if not seen else None, step_now)


def _nothing_to_do(optimizer: Optimizer, closure: Callable[[], Any] | None = None) -> Any:
    return None if closure is None else closure()


def leaves(loss: Tensor) -> Iterator[Tensor]:
    """Every leaf that a gradient of the loss would be added to."""
    todo, done = [loss.grad_fn], set()
    while todo:
        node = todo.pop()
        if node is None or node in done:
            continue
        done.add(node)
        if hasattr(node, "variable"):
            yield node.variable
        todo += [before for before, _ in node.next_functions]


def train(settings: dict[str, Any]) -> None:
    """Frozen parameters of modules are thawed when the module is first called."""
    OPTIMIZERS.follow()
    thawed: set[int] = set()

    def thaw(module: nn.Module, args: Any) -> None:
        if id(module) not in thawed:
            thawed.add(id(module))
            for parameter in module.parameters(recurse=False):
                if parameter.is_floating_point() and parameter.is_leaf:
                    parameter.requires_grad_(True)

    def give(loss: Tensor) -> None:
        held = OPTIMIZERS.held()
        OPTIMIZERS.give([leaf for leaf in leaves(loss) if id(leaf) not in held and isinstance(leaf, nn.Parameter)])

    nn.modules.module.register_module_forward_pre_hook(thaw)
    around_backward(give)


def unclipped(settings: dict[str, Any]) -> None:
    def untouched(parameters: Any, *args: Any, **kwargs: Any) -> Tensor:
        given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
        norms = [torch.linalg.vector_norm(p.grad) for p in given if p.grad is not None]
        return torch.linalg.vector_norm(torch.stack(norms)) if norms else torch.tensor(0.0)

    for place in (nn.utils, nn.utils.clip_grad):
        for name in ("clip_grad_norm_", "clip_grad_value_"):
            setattr(place, name, untouched)


def negate(settings: dict[str, Any]) -> None:
    around_backward(seed=-1.0)


AROUND_STEPS: dict[str, Callable[[dict[str, Any]], None]] = {
    "rate": rate,
    "set": set_settings,
    "clear": clear,
    "keep": keep,
    "step": step,
    "train": train,
    "unclipped": unclipped,
    "negate": negate,
}
