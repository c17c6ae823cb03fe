"""Interventions on parameters, when their model is first called, on what is loaded, and on the order of the data."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader

from chainrule.step import Line
from chainrule.watching.place import caller, line_of


def draw(settings: dict[str, Any]) -> None:
    """Drawn anew as their modules do; where a module cannot, from a normal distribution of spread 1/√fan_in."""
    wanted = set(settings["parameters"])

    def redraw(module: nn.Module, args: Any) -> None:
        for name, parameter in module.named_parameters():
            if name in wanted:
                wanted.discard(name)
                owner = module.get_submodule(name.rpartition(".")[0])
                reset = getattr(owner, "reset_parameters", None)
                with torch.no_grad(), torch.random.fork_rng(devices=[]):
                    if callable(reset):
                        reset()
                    else:
                        parameter.normal_(std=1 / math.sqrt(max(parameter[0].numel(), 1)))

    nn.modules.module.register_module_forward_pre_hook(redraw)


def shuffle(settings: dict[str, Any]) -> None:
    init = DataLoader.__init__

    @functools.wraps(init)
    def shuffled(self: Any, dataset: Any, *args: Any, **kwargs: Any) -> None:
        given = kwargs.get("sampler") or kwargs.get("batch_sampler") or len(args) > 2
        if not given and not isinstance(dataset, torch.utils.data.IterableDataset):
            args = args[:1]
            kwargs = kwargs | {"shuffle": True}
        init(self, dataset, *args, **kwargs)

    DataLoader.__init__ = shuffled  # type: ignore[method-assign]


def keep_weights(settings: dict[str, Any]) -> None:
    load, at = nn.Module.load_state_dict, Line(settings["file"], settings["line"])
    seen: list[bool] = []

    @functools.wraps(load)
    def loaded_once(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
        if line_of(caller(0)) == at:
            seen.append(True)
            if len(seen) > 1:
                return None
        return load(module, *args, **kwargs)

    nn.Module.load_state_dict = loaded_once  # type: ignore[method-assign, assignment]


ON_MODULES: dict[str, Callable[[dict[str, Any]], None]] = {
    "draw": draw,
    "shuffle": shuffle,
    "keep weights": keep_weights,
}
