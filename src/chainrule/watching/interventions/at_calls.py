"""Interventions at one call of torch, which its name and the user's line tell."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from chainrule.rules import SPELLINGS
from chainrule.watching.functions import name_of, tensors_in
from chainrule.watching.interventions.around_steps import around_backward
from chainrule.watching.interventions.optimizers import OPTIMIZERS
from chainrule.watching.place import Places, caller
from chainrule.watching.stack import push_lowest

Tensor = torch.Tensor


@dataclass
class Called:
    """A call of torch that the script makes, and an intervention makes in another way.

    settings   of the intervention
    memory     what it remembers from call to call
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    settings: dict[str, Any]
    memory: dict[str, Any]

    @property
    def tensor(self) -> Tensor:
        """The first of its arguments that is one."""
        return next(tensors_in((self.args, self.kwargs)))

    def argument(self, name: str) -> Any:
        """The argument of this name; the first where it is not known."""
        return self.kwargs[name] if name in self.kwargs else self.args[self.place(name) or 0]

    def place(self, name: str) -> int | None:
        """Where the argument of this name stands, as Python tells or as our rule has it; None where it has no place."""
        try:
            names = list(inspect.signature(self.function).parameters)
        except ValueError:  # built in
            spelling = SPELLINGS.get(self.function)
            names = [] if spelling is None else spelling.rules[0].signature.positional
        where = names.index(name) if name in names and name not in self.kwargs else len(self.args)
        return where if where < len(self.args) else None

    def result(self) -> Any:
        return self.function(*self.args, **self.kwargs)

    def mapped(self, change: Callable[[Any], Any]) -> Any:
        """With every argument changed."""
        return self.function(*map(change, self.args), **{name: change(part) for name, part in self.kwargs.items()})

    def applied(self, tensor: Tensor) -> Any:
        """The settings' function of this tensor."""
        function = getattr(F, self.settings["function"], None) or getattr(torch, self.settings["function"])
        return function(tensor, **self.settings.get("options", {}))


class AtCalls(TorchFunctionMode):
    """Makes the call at settings' `call`, `module`, `file` and `line` in another way, whenever it is made."""

    def __init__(self, act: Callable[[Called], Any], settings: dict[str, Any]) -> None:
        super().__init__()
        self.act, self.settings = act, settings
        self.call = settings.get("call")
        self.lines = {tuple(line) for line in settings.get("lines", [[settings.get("file"), settings.get("line")]])}
        self.module = settings.get("module")
        self.places = Places()
        self.memory: dict[str, Any] = {}

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if self.call is None or name_of(func) == self.call:
            module, *line = self.places.here(caller(1))
            if tuple(line) in self.lines and self.module in (None, module):
                return self.act(Called(func, args, kwargs, self.settings, self.memory))
        return func(*args, **kwargs)


def skip(call: Called) -> Any:
    several = next((part for part in call.args if isinstance(part, list)), None)  # torch.tensor([first, second])
    return call.tensor if several is None else torch.stack([part.reshape(()) for part in several])


def with_gradients(call: Called) -> Any:
    with torch.enable_grad():
        return call.result()


def with_arguments(call: Called) -> Any:
    args, kwargs = list(call.args), dict(call.kwargs)
    for name, value in call.settings["arguments"].items():
        if isinstance(value, list):
            value = torch.tensor(value, dtype=call.tensor.dtype, device=call.tensor.device)
        where = call.place(name)
        if where is None:
            kwargs[name] = value
        else:
            args[where] = value
    return call.function(*args, **kwargs)


def with_target_as_prediction(call: Called) -> Any:
    tensors = list(tensors_in((call.args, call.kwargs)))[:2]
    prediction, target = tensors if tensors[0].requires_grad else tensors[::-1]
    shaped = target.reshape(prediction.shape) if target.numel() == prediction.numel() else target
    return call.mapped(lambda part: shaped if part is target else part)


def standardise(call: Called) -> Any:
    """The argument minus its mean over the samples of the first call, over its spread; features that are constant
    there are only shifted."""
    memory, tensor = call.memory, call.argument(call.settings["argument"])
    if not memory:
        axes = tuple(range(tensor.dim())) if call.settings.get("whole") else 0
        spread = tensor.std(axes, correction=0, keepdim=True)
        memory["mean"] = tensor.mean(axes, keepdim=True).detach()
        memory["spread"] = torch.where(spread > 0, spread, torch.ones_like(spread)).detach()
    scaled = (tensor - memory["mean"]) / memory["spread"]
    return call.mapped(lambda part: scaled if part is tensor else part)


def detached(call: Called) -> Any:
    def put(part: Any) -> Any:
        if isinstance(part, Tensor):
            return part if part.grad_fn is None else part.detach()
        return type(part)(map(put, part)) if type(part) in (list, tuple) else part

    return call.mapped(put)


def before(call: Called) -> Any:
    tensor = call.argument(call.settings["argument"]) if "argument" in call.settings else call.tensor
    made = call.applied(tensor)
    return call.mapped(lambda part: made if part is tensor else part)


def after(call: Called) -> Any:
    return call.applied(call.result())


def instead(call: Called) -> Any:
    return call.applied(call.tensor)


def trained_layer(inputs: int, outputs: int, dtype: torch.dtype) -> torch.nn.Linear:
    """A new one, given to the script's optimizer."""
    made = torch.nn.Linear(inputs, outputs, dtype=dtype)
    OPTIMIZERS.give(list(made.parameters()))
    return made


def hidden(call: Called) -> Any:
    """Wide·tanh(Deep·x): two layers of PyTorch's usual size in place of the linear call."""
    out, x, memory = call.result(), call.tensor, call.memory
    if not memory:
        width = call.settings["width"]
        with torch.random.fork_rng(devices=[]):
            memory["first"] = trained_layer(x.shape[-1], width, x.dtype)
            memory["last"] = trained_layer(width, out.shape[-1], x.dtype)
    return memory["last"](torch.tanh(memory["first"](x)))


def wider(settings: dict[str, Any]) -> None:
    def layer(call: Called, inputs: int, outputs: int) -> Tensor:
        if not call.memory:
            with torch.random.fork_rng(devices=[]):
                call.memory["layer"] = trained_layer(inputs, outputs, call.tensor.dtype)
        made: Tensor = call.memory["layer"](call.tensor)
        return made

    width = settings["width"]
    push_lowest(AtCalls(lambda call: layer(call, call.tensor.shape[-1], width), settings))
    push_lowest(AtCalls(lambda call: layer(call, width, len(call.argument("weight"))), settings["next"]))


class Last:
    """What a call gave last."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.result: Tensor | None = None
        push_lowest(AtCalls(self._keep, settings))

    def _keep(self, call: Called) -> Any:
        self.result = call.result()
        return self.result


def take(settings: dict[str, Any]) -> None:
    last = Last(settings["source"])

    def taken(call: Called) -> Any:
        given, other = call.argument(settings["argument"]), last.result
        if other is None:
            return call.result()
        other = other.reshape(given.shape) if other.numel() == given.numel() else other
        return call.mapped(lambda part: other if part is given else part)

    push_lowest(AtCalls(taken, settings))


def root(settings: dict[str, Any]) -> None:
    last = Last(settings["source"])

    def start(tensors: Any) -> Any:
        result, last.result = last.result, None  # its graph is gone after one pass
        return tensors if result is None else result.mean()

    around_backward(start=start)


def always(act: Callable[[Called], Any]) -> Callable[[dict[str, Any]], None]:
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
    "wider": wider,
    "take": take,
    "root": root,
}
