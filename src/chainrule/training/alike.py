"""Whether two networks differ in nothing but their trained weights: then the same code trains both."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import numpy as np
import torch
from torch import nn

from chainrule.native.graph import CannotLower
from chainrule.rules.optimizers import numbers

Tensor = torch.Tensor


def named(net: nn.Module) -> dict[str, Tensor]:
    """Its parameters and buffers."""
    return dict(net.named_parameters()) | dict(net.named_buffers())


def kind(net: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """{what it is called: what networks must have in common that the same code trains}: all but the trained weights."""
    trained = {id(p) for group in optimizer.param_groups for p in group["params"] if p.requires_grad}
    names = {id(p): name for name, p in net.named_parameters()}
    found: dict[str, Any] = {"the optimizer": type(optimizer)}
    for place, group in enumerate(optimizer.param_groups):
        parameters = [names.get(id(p)) for p in group["params"]]
        found |= {f"parameter group {place}": parameters, f"setting of parameter group {place}": numbers(group)}
    for name, module in net.named_modules():
        found[f"module {name!r}"] = type(module)
        for attribute, value in vars(module).items():
            if attribute not in ("_parameters", "_buffers", "_modules"):
                found[f"{name}.{attribute}".removeprefix(".")] = value
    for name, part in named(net).items():
        found[name] = (part.shape, part.dtype, None if id(part) in trained else part.detach().clone())
    return found


def need_same_kind(first: dict[str, Any], other: dict[str, Any], seeds: tuple[int, int]) -> None:
    """Raises CannotLower, naming what differs."""
    for name in [*first, *other]:
        if name not in first or name not in other or not same(first[name], other[name]):
            again = f"of seed {seeds[1]} is another than that of seed {seeds[0]}"
            raise CannotLower(f"{name} {again if seeds[0] != seeds[1] else 'is another each time'}")


def same(first: Any, second: Any) -> bool:
    """Whether two values are equal; what cannot be compared, is not."""
    try:
        return _same(first, second)
    except Exception:  # a closure that holds itself, tensors without numbers, whatever a class of the script raises
        return False


def _same(first: Any, second: Any) -> bool:
    if first is second:
        return True
    if type(first) is not type(second):
        return False
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(_same(value, second[key]) for key, value in first.items())
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(_same, first, second))
    if isinstance(first, FunctionType):  # a lambda of the constructor is another at every call
        parts = (first.__defaults__, first.__kwdefaults__), (second.__defaults__, second.__kwdefaults__)
        values = [[cell.cell_contents for cell in one.__closure__ or ()] for one in (first, second)]
        return first.__code__ == second.__code__ and _same(*parts) and _same(*values)
    if isinstance(first, Tensor):
        return first.dtype == second.dtype and torch.equal(first, second)
    if isinstance(first, torch.Generator):
        return torch.equal(first.get_state(), second.get_state())
    return bool(np.all(first == second))
