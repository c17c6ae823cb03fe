"""Interventions at one call of torch, which its name and the user's line tell."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from chainrule.rules import SPELLINGS
from chainrule.watching.interventions.optimizers import OPTIMIZERS
from chainrule.watching.place import Places, caller
from chainrule.watching.recorder import name_of, tensors_in
from chainrule.watching.stack import push_lowest

Tensor = torch.Tensor
Arguments: TypeAlias = "tuple[Any, ...]"
# (function, arguments, keyword arguments, settings, what it remembers from call to call) -> the result
Act: TypeAlias = "Callable[[Callable[..., Any], Arguments, dict[str, Any], dict[str, Any], dict[str, Any]], Any]"


class AtCalls(TorchFunctionMode):
    """Makes the call at settings' `call`, `module`, `file` and `line` in another way, whenever it is made."""

    def __init__(self, act: Act, settings: dict[str, Any]) -> None:
        super().__init__()
        self.act, self.settings = act, settings
        self.call = settings.get("call")
        self.lines = {tuple(line) for line in settings.get("lines", [[settings.get("file"), settings.get("line")]])}
        self.module = settings.get("module")
        self.places = Places()
        self.memory: dict[str, Any] = {}

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Arguments = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if self.call is None or name_of(func) == self.call:
            module, *line = self.places.here(caller(1))
            if tuple(line) in self.lines and self.module in (None, module):
                return self.act(func, args, kwargs, self.settings, self.memory)
        return func(*args, **kwargs)


def first_tensor(args: Arguments, kwargs: dict[str, Any]) -> Tensor:
    return next(tensors_in((args, kwargs)))


def skip(func: Any, args: Arguments, kwargs: dict[str, Any], settings: dict[str, Any], memory: dict[str, Any]) -> Any:
    return first_tensor(args, kwargs)


def with_gradients(
    func: Any, args: Arguments, kwargs: dict[str, Any], settings: dict[str, Any], memory: dict[str, Any]
) -> Any:
    with torch.enable_grad():
        return func(*args, **kwargs)


def with_arguments(
    func: Any, args: Arguments, kwargs: dict[str, Any], settings: dict[str, Any], memory: dict[str, Any]
) -> Any:
    names, given = names_of(func), list(args)
    for name, value in settings["arguments"].items():
        if name in names and names.index(name) < len(given):
            given[names.index(name)] = value
        else:
            kwargs = kwargs | {name: value}
    return func(*given, **kwargs)


def names_of(func: Callable[..., Any]) -> list[str]:
    """The names of a function's positional arguments, as Python tells or as our rule has them."""
    try:
        return list(inspect.signature(func).parameters)
    except ValueError:  # built in
        spelling = SPELLINGS.get(func)
        return [] if spelling is None else spelling.rules[0].signature.positional


def with_target_as_prediction(
    func: Any, args: Arguments, kwargs: dict[str, Any], settings: dict[str, Any], memory: dict[str, Any]
) -> Any:
    tensors = list(tensors_in((args, kwargs)))[:2]
    prediction, target = tensors if tensors[0].requires_grad else tensors[::-1]
    shaped = target.reshape(prediction.shape) if target.numel() == prediction.numel() else target

    def put(part: Any) -> Any:
        return shaped if part is target else part

    return func(*map(put, args), **{name: put(part) for name, part in kwargs.items()})


def standardise(
    func: Any, args: Arguments, kwargs: dict[str, Any], settings: dict[str, Any], memory: dict[str, Any]
) -> Any:
    """The argument minus its mean over the samples of the first call, over its spread; features that are constant
    there are only shifted."""
    name = settings.get("argument", 0)
    names = names_of(func)
    place = name if isinstance(name, int) else names.index(name) if name in names else 0
    by_name = isinstance(name, str) and name in kwargs
    tensor = kwargs[name] if by_name else args[place]
    if not memory:
        axes = None if settings.get("whole") else 0
        spread = tensor.std(axes, correction=0, keepdim=True) if axes is not None else tensor.std(correction=0)
        memory["mean"] = (tensor.mean(axes, keepdim=True) if axes is not None else tensor.mean()).detach()
        memory["spread"] = torch.where(spread > 0, spread, torch.ones_like(spread)).detach()
    scaled = (tensor - memory["mean"]) / memory["spread"]
    if by_name:
        return func(*args, **kwargs | {name: scaled})
    return func(*args[:place], scaled, *args[place + 1 :], **kwargs)


def detached(
    func: Any, args: Arguments, kwargs: dict[str, Any], settings: dict[str, Any], memory: dict[str, Any]
) -> Any:
    def put(part: Any) -> Any:
        if isinstance(part, Tensor):
            return part if part.grad_fn is None else part.detach()
        return type(part)(map(put, part)) if type(part) in (list, tuple) else part

    return func(*map(put, args), **{name: put(part) for name, part in kwargs.items()})


def applied(settings: dict[str, Any], tensor: Tensor) -> Any:
    function = getattr(F, settings["function"], None) or getattr(torch, settings["function"])
    return function(tensor, **settings.get("options", {}))


def before(func: Any, args: Arguments, kwargs: dict[str, Any], settings: dict[str, Any], memory: dict[str, Any]) -> Any:
    tensor = first_tensor(args, kwargs)
    made = applied(settings, tensor)
    given = [made if part is tensor else part for part in args]
    return func(*given, **{name: made if part is tensor else part for name, part in kwargs.items()})


def after(func: Any, args: Arguments, kwargs: dict[str, Any], settings: dict[str, Any], memory: dict[str, Any]) -> Any:
    return applied(settings, func(*args, **kwargs))


def instead(
    func: Any, args: Arguments, kwargs: dict[str, Any], settings: dict[str, Any], memory: dict[str, Any]
) -> Any:
    return applied(settings, first_tensor(args, kwargs))


def hidden(func: Any, args: Arguments, kwargs: dict[str, Any], settings: dict[str, Any], memory: dict[str, Any]) -> Any:
    """Wide·tanh(Deep·x): two layers of PyTorch's usual size in place of the linear call."""
    out = func(*args, **kwargs)
    x = first_tensor(args, kwargs)
    if not memory:
        width = settings["width"]
        with torch.random.fork_rng(devices=[]):
            memory["first"] = torch.nn.Linear(x.shape[-1], width, dtype=x.dtype)
            memory["last"] = torch.nn.Linear(width, out.shape[-1], dtype=x.dtype)
        OPTIMIZERS.give([*memory["first"].parameters(), *memory["last"].parameters()])
    return memory["last"](torch.tanh(memory["first"](x)))


def always(act: Act) -> Callable[[dict[str, Any]], None]:
    """Begins to act at the calls that the settings name; below the script's own modes, above the recorder."""
    return lambda settings: push_lowest(AtCalls(act, settings))


AT_CALLS: dict[str, Callable[[dict[str, Any]], None]] = {
    "skip": always(skip),
    "graph": always(with_gradients),
    "arguments": always(with_arguments),
    "view": always(with_target_as_prediction),
    "standardise": always(standardise),
    "detached": always(detached),
    "before": always(before),
    "after": always(after),
    "instead": always(instead),
    "hidden": always(hidden),
}
