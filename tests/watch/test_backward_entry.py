"""backward() of one number while nothing is recorded: the engine gets what torch would hand it, else torch is asked."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
import torch
from torch import autograd
from torch.overrides import TorchFunctionMode

from chainrule.watching import pulse
from chainrule.watching.pulse import Pulse

Tensor = torch.Tensor
Backward = Callable[..., None]


class Watching(TorchFunctionMode):
    """A mode of the script's own, which is to see every call."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*args, **(kwargs or {}))


class Weighed(Tensor):
    """A tensor of a class of the script's own."""


def idle(backward: Backward) -> Backward:
    """The backward() of a watch that records nothing for now."""

    def unexpected(*args: Any) -> None:
        raise AssertionError("an idle step is routine")

    beating = Pulse(unexpected, unexpected)
    beating.until = 1
    return beating.reads_loss(backward)


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """What the engine is called with; it does not run."""
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    monkeypatch.setattr(autograd, "_engine_run_backward", lambda *args, **kwargs: calls.append((args, kwargs)))
    return calls


def number(*shape: int, kind: torch.dtype = torch.float32) -> Tensor:
    return torch.full(shape, 1.5, dtype=kind, requires_grad=True) * 2


@pytest.mark.parametrize("given", [{}, {"retain_graph": True}, {"create_graph": True}, {"retain_graph": False}])
@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("shape", [(), (1,), (1, 1, 1)])
def test_the_engine_gets_what_torch_hands_it(
    handed: list[tuple[tuple[Any, ...], dict[str, Any]]], shape: tuple[int, ...], kind: torch.dtype, given: Any
) -> None:
    loss = number(*shape, kind=kind)
    autograd.backward(loss, **given)
    idle(autograd.backward)(loss, **given)
    (theirs, their_options), (ours, our_options) = handed
    assert our_options == their_options
    assert ours[2:] == theirs[2:]
    assert ours[0][0] is loss
    assert len(ours[0]) == len(theirs[0]) == len(ours[1]) == len(theirs[1]) == 1
    one, other = ours[1][0], theirs[1][0]
    assert torch.equal(one, other)
    assert (one.dtype, one.shape, one.stride(), one.requires_grad) == (
        *(other.dtype, other.shape, other.stride(), other.requires_grad),
    )


UNUSUAL: dict[str, tuple[Callable[[], Any], dict[str, Any], Callable[[], AbstractContextManager[Any]]]] = {
    "a gradient is given": (number, {"grad_tensors": torch.tensor(2.0)}, nullcontext),
    "inputs are given": (number, {"inputs": []}, nullcontext),
    "several numbers": (lambda: number(2), {}, nullcontext),
    "several roots": (lambda: (number(), number()), {}, nullcontext),
    "no gradient wanted": (lambda: torch.tensor(1.0), {}, nullcontext),
    "a complex number": (lambda: number(kind=torch.complex64), {}, nullcontext),
    "a class of its own": (lambda: number().as_subclass(Weighed), {}, nullcontext),
    "under a mode of the script's": (number, {}, Watching),
}


@pytest.mark.parametrize("what", UNUSUAL)
def test_torch_is_asked_where_anything_is_unusual(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, given, inside = UNUSUAL[what]
    asked: list[Any] = []
    root = make()
    monkeypatch.setattr(pulse, "is_torchs", lambda _: True)
    with inside():
        idle(lambda *args: asked.append(args))(root, **given)
    assert len(asked) == 1
    assert asked[0][0] is root


def test_torch_refuses_backward_within_a_transform() -> None:
    def sloped(x: Tensor) -> Tensor:
        idle(autograd.backward)(number())
        return x

    with pytest.raises(RuntimeError, match="functorch transform"):
        torch.func.grad(sloped)(torch.tensor(1.0))


def test_another_backward_is_always_called() -> None:
    """A library, or the script, has put its own function in torch's place, be it before we were imported."""
    asked: list[Any] = []

    @functools.wraps(autograd.backward)
    def counted(*args: Any, **kwargs: Any) -> None:
        asked.append(args)
        autograd.backward(*args, **kwargs)

    assert pulse.is_torchs(autograd.backward)
    idle(counted)(number())
    assert len(asked) == 1
