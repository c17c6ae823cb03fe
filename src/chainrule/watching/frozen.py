"""Layers in front of the graph whose weights are frozen, and are still as torch drew them."""

from __future__ import annotations

import math
import weakref
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from chainrule.step import Line
from chainrule.watching.place import Places, caller
from chainrule.watching.sharded import is_distributed

Tensor = torch.Tensor
MOST = 64  # weights looked at in one step
SAMPLE = 4096  # numbers of one
FEWEST = 24  # numbers: of fewer it cannot be told how they were drawn
SURE = 3.0  # standard deviations


class Frozen:
    """Those of one step."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[weakref.ref[Tensor], bool, Line]] = {}

    def note(self, args: tuple[Any, ...], kwargs: dict[str, Any], places: Places) -> None:
        """A call without a gradient was made."""
        if not torch.is_grad_enabled() or len(self._found) >= MOST:
            return
        for weight in (*args, *kwargs.values()):
            if type(weight) is nn.Parameter and not weight.requires_grad and id(weight) not in self._found:
                _, file, line = places.here(caller(2))
                self._found[id(weight)] = (weakref.ref(weight), is_as_drawn(weight), Line(file, line))

    def named(self, names: Mapping[int, str]) -> dict[str, Line]:
        """Of the weights that are as torch drew them, the line of their layer, by name."""
        return {
            names[i]: at for i, (ref, drawn, at) in self._found.items() if drawn and i in names and ref() is not None
        }


def is_as_drawn(weight: Tensor) -> bool:
    """Whether a weight matrix is spread evenly from −1/√n to 1/√n, n inputs, as linear and convolutional layers begin.

    Training leads away from both: from the bound, and from the mean square of 1/3 of the bound's, whose standard
    deviation over N numbers is √(4/5N) of it.
    """
    if weight.dim() < 2 or weight.numel() < FEWEST or not weight.is_floating_point() or is_distributed(weight):
        return False
    with torch._C.DisableTorchFunction(), torch.no_grad():
        numbers = weight.detach().reshape(-1)
        u = numbers[:: -(-numbers.numel() // SAMPLE)].double() * math.sqrt(weight.numel() / len(weight))
        largest, square = float(u.abs().max()), float(u.square().mean()) * 3
    return 0.8 < largest < 1 + 1e-3 and abs(square - 1) < SURE * math.sqrt(0.8 / len(u))
