"""Everything that a training step changes, as it was before, to be put back."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from chainrule.native.clock import Clock

Tensor = torch.Tensor


class Kept:
    """Parameters, buffers, optimizer and random states as they are now; `restore` puts them back in place.

    modules   whose other attributes (counters, averages, generators) are put back, too
    """

    def __init__(
        self,
        tensors: Sequence[Tensor],
        optimizer: torch.optim.Optimizer,
        clock: Clock | None = None,
        modules: Sequence[nn.Module] = (),
    ) -> None:
        self._optimizer = optimizer
        self._tensors = [(t, t.detach().clone()) for t in tensors]
        self._gradients = [(t, t.grad) for t in tensors]
        self._state = [(p, dict(state)) for p, state in optimizer.state.items()]
        inside = [value for _, state in self._state for value in state.values() if isinstance(value, Tensor)]
        self._tensors += [(t, t.detach().clone()) for t in inside]
        self._attributes = [Attributes(module) for module in modules]
        self._random = torch.get_rng_state()
        self._python, self._numpy = random.getstate(), np.random.get_state(legacy=False)
        self._clock = clock
        self._mark = None if clock is None else clock.mark()

    def restore(self) -> None:
        with torch.no_grad():
            for tensor, value in self._tensors:
                tensor.copy_(value)
        for tensor, gradient in self._gradients:
            tensor.grad = gradient
        self._optimizer.state.clear()
        for parameter, state in self._state:
            self._optimizer.state[parameter] = state
        for attributes in self._attributes:
            attributes.restore()
        torch.set_rng_state(self._random)
        random.setstate(self._python)
        np.random.set_state(self._numpy)
        if self._clock is not None and self._mark is not None:
            self._clock.rewind(self._mark)


class Attributes:
    """What a module holds besides parameters, buffers and modules, as it is now."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        own = ("_parameters", "_buffers", "_modules")
        self._values = {name: value for name, value in vars(module).items() if name not in own}
        tensors = {name: value for name, value in self._values.items() if isinstance(value, Tensor)}
        self._tensors = {name: (tensor._version, tensor.detach().clone()) for name, tensor in tensors.items()}
        generators = {name: value for name, value in self._values.items() if isinstance(value, torch.Generator)}
        self._generators = {name: generator.get_state() for name, generator in generators.items()}

    def changed(self) -> str:
        """The name of an attribute that is another by now, or ""."""
        now = vars(self.module)
        for name, value in self._values.items():
            if now.get(name) is not value and not _plainly_equal(now.get(name), value):
                return name
            if name in self._tensors and value._version != self._tensors[name][0]:
                return name
            if name in self._generators and not torch.equal(value.get_state(), self._generators[name]):
                return name
        return next((name for name in now if name not in self._values and not name.startswith("_")), "")

    def restore(self) -> None:
        for name, value in self._values.items():
            self.module.__dict__[name] = value
        with torch.no_grad():
            for name, (version, copy) in self._tensors.items():
                if self._values[name]._version != version:
                    self._values[name].copy_(copy)
        for name, state in self._generators.items():
            self._values[name].set_state(state)


def _plainly_equal(first: Any, second: Any) -> bool:
    return type(first) is type(second) and isinstance(first, int | float | str | bool | None) and first == second
