"""Every rule by name, and which rule differentiates a given torch function.

A rule names its functions shortly: "tanh" stands for torch.tanh, Tensor.tanh, Tensor.tanh_ and F.tanh, whichever
exist, and for the operators of that name; "F.linear" stands for that one alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F

from chainrule.rules import (
    attention,
    conv,
    distances,
    elementwise,
    embedding,
    functions,
    linear,
    losses,
    matrices,
    norm,
    placing,
    recurrent,
    reduce,
    resize,
    shape,
)
from chainrule.rules.rule import Bound, Rule
from chainrule.rules.views import SUFFIX, through_view
from chainrule.step import Call

FAMILIES: tuple[ModuleType, ...] = (
    elementwise,
    functions,
    linear,
    matrices,
    reduce,
    distances,
    shape,
    placing,
    norm,
    conv,
    resize,
    embedding,
    attention,
    recurrent,
    losses,
)

# Python's operators reach torch under these names; a reversed one has its two arguments exchanged.
OPERATORS = {
    "add": ("__add__", "__radd__", "__iadd__"),
    "sub": ("__sub__", "__isub__"),
    "mul": ("__mul__", "__rmul__", "__imul__"),
    "div": ("__truediv__", "__div__", "__itruediv__", "__idiv__"),
    "pow": ("__pow__", "__ipow__"),
    "matmul": ("__matmul__", "__imatmul__"),
    "neg": ("__neg__",),
    "abs": ("__abs__",),
    "getitem": ("__getitem__",),
}
REVERSED = {
    "sub": ("__rsub__",),
    "div": ("__rtruediv__", "__rdiv__"),
    "pow": ("__rpow__",),
    "matmul": ("__rmatmul__",),
}
PLACES = {"torch": torch, "Tensor": torch.Tensor, "F": F, "special": torch.special, "linalg": torch.linalg}
QUALIFIED = ("special", "linalg")  # places where a short name is not looked for


@dataclass(frozen=True, slots=True)
class Spelling:
    """One torch function: its name as the field writes it, the rules that may differentiate it, argument order."""

    name: str
    rules: tuple[Rule, ...]
    exchanged: bool = False

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[tuple[Rule, dict[str, Any]]]:
        """The rules whose signature takes these arguments, with the arguments by name."""
        if self.exchanged and len(args) == 2:
            args = (args[1], args[0])
        for rule in self.rules:
            bound = rule.signature.bind(args, kwargs)
            if bound is not None:
                yield rule, bound


class Rules(dict[str, Rule]):
    """Rules by name. Each has a second form, for writes through a view, which is not listed."""

    def __missing__(self, name: str) -> Rule:
        inner = self.get(name.removesuffix(SUFFIX)) if name.endswith(SUFFIX) else None
        if inner is None:
            raise KeyError(name)
        return through_view(inner)


def _rules() -> Rules:
    found = Rules()
    for family in FAMILIES:
        for rule in vars(family).values():
            if isinstance(rule, Rule) and found.setdefault(rule.name, rule) is not rule:
                raise TypeError(f"two rules are named {rule.name}")
    return found


def _spellings(short: str) -> Iterator[tuple[str, Any, bool]]:
    """(name, function, exchanged) for everything a short name stands for."""
    place, dot, name = short.rpartition(".")
    if place == "property":  # an attribute read, such as Tensor.T
        yield f"Tensor.{name}", getattr(torch.Tensor, name).__get__, False
        return
    for prefix, home in PLACES.items():
        if dot and place != prefix:
            continue
        for spelled in (name, name + "_"):
            function = getattr(home, spelled, None)
            if function is not None and (prefix not in QUALIFIED or dot):
                yield f"{prefix}.{spelled}", function, False
    if not dot:
        for operators, exchanged in ((OPERATORS, False), (REVERSED, True)):
            for spelled in operators.get(name, ()):
                function = getattr(torch.Tensor, spelled, None)
                if function is not None:
                    yield f"Tensor.{spelled}", function, exchanged
        wrapped = getattr(getattr(torch.Tensor, f"__{name}__", None), "__wrapped__", None)
        if wrapped is not None:
            yield f"Tensor.__{name}__", wrapped, False


def _table() -> dict[Callable[..., Any], Spelling]:
    table: dict[Callable[..., Any], Spelling] = {}
    for rule in RULES.values():
        for short in rule.functions:
            resolved = list(_spellings(short))
            if not resolved:
                raise TypeError(f"rule {rule.name}: torch has no function {short}")
            for name, function, exchanged in resolved:
                known = table.get(function)
                if known is None:
                    table[function] = Spelling(name, (rule,), exchanged)
                elif rule not in known.rules:
                    table[function] = Spelling(known.name, (*known.rules, rule), known.exchanged)
    return table


RULES: Rules = _rules()
SPELLINGS: dict[Callable[..., Any], Spelling] = _table()


def rule_of(call: Call) -> Rule | None:
    """The rule that differentiates a recorded call; None for an opaque one."""
    return RULES[call.rule] if call.rule else None


__all__ = ["RULES", "SPELLINGS", "Bound", "Rule", "Spelling", "rule_of"]
