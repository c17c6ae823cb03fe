"""Parameters of which every process holds a part: FSDP's and distributed tensors.

A step in which they take part is not recorded. FSDP frees the memory of the whole parameter behind the tensor as soon
as a layer is through; and to compute with a distributed tensor is to communicate, which one process alone must not do:
it would wait for the others for ever.
"""

from __future__ import annotations

import sys
from typing import Any

import torch

SHARDED = "the step was not recorded: its parameters are sharded over several processes"
_WRAPPERS = ("FSDPModule", "FullyShardedDataParallel")


class Refused(Exception):
    """Something that a step must not be recorded with."""


def is_sharded(model: torch.nn.Module) -> bool:
    """Whether FSDP manages a part of the model."""
    fsdp: Any = sys.modules.get("torch.distributed.fsdp")
    kinds = tuple(kind for name in _WRAPPERS if isinstance(kind := getattr(fsdp, name, None), type))
    return bool(kinds) and any(isinstance(module, kinds) for module in model.modules())


def is_distributed(tensor: torch.Tensor) -> bool:
    """Whether it is a DTensor, whose numbers lie in several processes."""
    if type(tensor) in (torch.Tensor, torch.nn.Parameter):
        return False
    module: Any = sys.modules.get("torch.distributed.tensor")
    kind = getattr(module, "DTensor", None)
    return kind is not None and isinstance(tensor, kind)
