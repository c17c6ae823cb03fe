"""How large things are, layer by layer: activations, gradients, weights and updates."""

from __future__ import annotations

import math

import torch

from chainrule.breakdown.verify import dense
from chainrule.step import ParameterUpdate, Summary

Tensor = torch.Tensor


def norm(tensor: Tensor | None, summary: Summary | None = None, count: int = 0) -> float:
    """The Euclidean norm, in float64; of `count` numbers that were not kept, as their statistics say; else nan."""
    if tensor is None:
        return math.nan if summary is None else math.sqrt((summary.mean**2 + summary.std**2) * count)
    numbers = dense(tensor)
    return float(torch.linalg.vector_norm(numbers if numbers.is_complex() else numbers.double()))


def rms(tensor: Tensor | None, summary: Summary | None, count: int) -> float:
    """The root of the mean square, from the numbers or their statistics; nan where neither is there."""
    return norm(tensor, summary, count) / math.sqrt(count) if count else math.nan


def update_norm(change: ParameterUpdate) -> float:
    """‖after − before‖."""
    if change.after is None:
        return math.nan
    wide = torch.promote_types(change.after.dtype, torch.float64)  # or complex128
    return norm(change.after.to(wide) - change.before.to(wide))


def blocks(tensor: Tensor, side: int) -> Tensor:
    """A large tensor seen from afar: the means of at most side × side blocks of its rows and columns."""
    rows = tensor.detach().reshape(tensor.shape[0] if tensor.dim() > 1 else 1, -1).float()
    size = min(rows.shape[0], side), min(rows.shape[1], side)
    return torch.nn.functional.adaptive_avg_pool2d(rows[None, None], size)[0, 0]
