"""Weights of layers that are not to be trained: where they were frozen, and whether they are as they were drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from chainrule.step import Frozen, Line
from chainrule.watching.alive import Known
from chainrule.watching.place import Places, caller, line_of
from chainrule.watching.sharded import is_distributed

Tensor = torch.Tensor
MOST = 64  # weights looked at in one step
SAMPLE = 4096  # numbers of one
FEWEST = 24  # numbers: of fewer it cannot be told how they were drawn
FEWEST_NORMAL = 256
FREEZES = (Tensor.requires_grad_, Tensor.requires_grad.__set__)  # type: ignore[attr-defined]
SURE = 3.0  # standard deviations


class FrozenWeights:
    """Those of one step; `trained` tells those that were trained before, `drew` those whose memory a draw filled."""

    def __init__(self, trained: Callable[[Tensor], bool], drew: Callable[[Tensor], bool]) -> None:
        self._trained = trained
        self._drew = drew
        self._found: Known[Tensor, Frozen] = Known()
        self._in_module: Known[Tensor, None] = Known()  # those that a layer took; a copy or a comparison tells less
        self._by: Known[Tensor, Line] = Known()

    def note(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], places: Places) -> None:
        """A call was made."""
        if func in FREEZES:
            if type(args[0]) is nn.Parameter and not args[0].requires_grad:
                self._by[args[0]] = line_of(caller(2))
            return
        if not torch.is_grad_enabled() or len(self._found) >= MOST:
            return
        for weight in (*args, *kwargs.values()):
            if type(weight) is nn.Parameter and not weight.requires_grad and weight not in self._in_module:
                module, file, line = places.here(caller(2))
                # A table is frozen as it is made: nn.Embedding.from_pretrained.
                made = places.made(module) if func is F.embedding else Line()
                random = is_as_drawn(weight) or (self._drew(weight) and is_random(weight))
                drawn = random and not self._trained(weight)
                self._found[weight] = Frozen(Line(file, line), drawn, self._by.get(weight) or made)
                if module:
                    self._in_module[weight] = None

    def named(self, names: Mapping[int, str], written: Container[str]) -> dict[str, Frozen]:
        """What was found, by the name of the weight. Of one with too few numbers to tell, that it was `written` by a
        function that draws."""
        made = {}
        for weight, found in self._found.items():
            name = names.get(id(weight))
            if name is not None:
                drawn = found.drawn or (name in written and self._is_small(weight))
                made[name] = replace(found, drawn=drawn)
        return made

    def _is_small(self, weight: Tensor) -> bool:
        return weight.dim() > 1 and weight.numel() < FEWEST and not self._trained(weight)


def is_as_drawn(weight: Tensor) -> bool:
    """Whether a weight matrix is spread as the usual first weights are, for n inputs and m outputs.

    Evenly from −b to b, with b = 1/√n (torch's linear and convolutional layers), √(6/(n+m)) (Glorot & Bengio 2010; its
    attention), √(6/n) (He et al. 2015) or √(3/n); or normally, with a deviation of 1 (its embeddings), 0.02 (BERT,
    GPT-2), √(2/(n+m)), √(2/n) or 1/√n. Training leads away from all: over N numbers the mean square of an even spread
    has the deviation √(4/5N) of b²/3, that of a normal one √(2/N) of its own, and its mean fourth power √(96/N) of 3.
    """
    if weight.dim() < 2 or weight.numel() < FEWEST or not weight.is_floating_point() or is_distributed(weight):
        return False
    with torch._C.DisableTorchFunction(), torch.no_grad():
        numbers = weight.detach().reshape(-1)
        numbers = numbers[:: -(-numbers.numel() // SAMPLE)].double()
        largest, square, fourth = float(numbers.abs().max()), *(float(numbers.pow(k).mean()) for k in (2, 4))
    count, inputs = len(numbers), weight.numel() / len(weight)
    both = inputs + weight.numel() / weight.shape[1]
    evenly = any(
        0.8 < largest / bound < 1 + 1e-3 and abs(3 * square / bound**2 - 1) < SURE * math.sqrt(0.8 / count)
        for bound in (math.sqrt(k) for k in (1 / inputs, 6 / both, 6 / inputs, 3 / inputs))
    )
    normally = count >= FEWEST_NORMAL and abs(fourth / square**2 - 3) < SURE * math.sqrt(96 / count)
    return evenly or (
        normally
        and any(
            abs(square / deviation - 1) < SURE * math.sqrt(2 / count)
            for deviation in (1.0, 0.02**2, 2 / both, 2 / inputs, 1 / inputs)
        )
    )


def is_random(weight: Tensor) -> bool:
    """Whether its numbers are spread evenly or normally, by any width: their mean fourth power is 9/5 of their squared
    mean square, or 3 of it."""
    if weight.numel() < FEWEST or not weight.is_floating_point() or is_distributed(weight):
        return False
    with torch._C.DisableTorchFunction(), torch.no_grad():
        numbers = weight.detach().reshape(-1)[:SAMPLE].double()
        square, fourth = (float(numbers.pow(k).mean()) for k in (2, 4))
    bound = SURE * math.sqrt(96 / len(numbers))
    return square > 0 and min(abs(fourth / square**2 - k) for k in (1.8, 3)) < bound
