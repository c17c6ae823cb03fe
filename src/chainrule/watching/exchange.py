"""Gradients that several processes average: what is left in .grad when a backward pass of theirs is over.

The recorder sees this process's own gradients, on their way into .grad. DistributedDataParallel hooks in behind that:
it replaces .grad by the average over all processes, before backward() returns. So .grad is read here once more.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import distributed

from chainrule.step import Backward, Exchange

Tensor = torch.Tensor
WRAPPER = torch.nn.parallel.DistributedDataParallel


def joined() -> tuple[int, int] | None:
    """(rank, number of ranks) of this process in the group that it has joined; None where it trains alone."""
    if not distributed.is_available() or not distributed.is_initialized() or distributed.get_world_size() < 2:
        return None
    return distributed.get_rank(), distributed.get_world_size()


class Sharing:
    """Follows .grad through the backward passes of one step, where several processes train together."""

    def __init__(self) -> None:
        self._empty: dict[int, bool] = {}  # value index -> whether the leaf's .grad was so before the first pass

    def begin(self, leaves: dict[int, Tensor]) -> None:
        """Before a backward pass."""
        for index, leaf in leaves.items() if joined() else ():
            if index not in self._empty:
                self._empty[index] = leaf.grad is None or not bool(leaf.grad.to_dense().any())

    def end(self, leaves: dict[int, Tensor], backward: Backward, models: list[torch.nn.Module]) -> Exchange | None:
        """After it: what the passes so far have added, where .grad was empty or zero before.

        A gradient that the script's own hooks change is left out.
        """
        if joined() is None:
            return None
        wrapper: Any = next((model for model in models if isinstance(model, WRAPPER)), None)
        added = {}
        for index in backward.received:
            leaf = leaves[index]
            hooked = index in backward.hooked or getattr(leaf, "_post_accumulate_grad_hooks", None)
            if self._empty.get(index) and leaf.grad is not None and not hooked:
                added[index] = leaf.grad.detach().clone()
        group = distributed.group.WORLD if wrapper is None else wrapper.process_group
        ranks = tuple(distributed.get_process_group_ranks(group))
        return Exchange(WRAPPER.__name__ if wrapper is not None and averages(wrapper) else "", ranks, added)


def averages(wrapper: Any) -> bool:
    """Whether it averages every gradient in this step: not inside no_sync, and not in a way of the script's."""
    private = getattr(wrapper, "_comm_hooks", ()) or getattr(wrapper, "parameters_to_ignore", ())
    return bool(wrapper.require_backward_grad_sync) and not private
