"""Which axis of a step's values counts the samples of the batch."""

from __future__ import annotations

import torch

from chainrule.breakdown.notation import Notation
from chainrule.rules import Contraction, rule_of
from chainrule.step import Value


class Samples:
    """The batch of one step: the first axis of the first data that enters a call next to a parameter.

    count   number of samples, or None where the data has no such axis (a single vector, plain numbers)
    data    the value that holds the inputs, one row per sample
    target  the value the prediction is compared with, if there is one
    """

    def __init__(self, notation: Notation) -> None:
        self.count: int | None = None
        self.data: Value | None = None
        self.target: Value | None = None
        for call in notation.calls:
            found = next((v for v in call.values if v.kind == "data" and v.shape and not v.owned), None)
            if found is not None and self.data is None:
                one_sample = len(found.shape) == 1 and isinstance(rule_of(call), Contraction)
                self.data = found
                self.count = None if one_sample else found.shape[0]
            target = call.arguments.get("target", notation.target)
            if isinstance(target, Value) and target.shape and target.shape[0] == self.count:
                self.target = target

    def of(self, shape: tuple[int, ...] | torch.Size) -> bool:
        """Whether a tensor of this shape has one row per sample."""
        return self.count is not None and len(shape) > 0 and shape[0] == self.count

    def row(self, value: Value | None, sample: int) -> list[float] | None:
        """The numbers of one sample, where they were kept and are at most four."""
        if value is None or value.tensor is None or not self.of(value.shape):
            return None
        numbers = value.tensor[sample].reshape(-1)
        return [float(n) for n in numbers] if numbers.numel() <= 4 else None
