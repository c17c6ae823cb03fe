"""Writes through a view, as x[:, 0].mul_(2): x becomes x with f(part) in place of that part.

The part is known by where it lies among x's numbers: sizes, strides and offset, as torch.as_strided takes them. Its
gradient is cut out of that of x, goes through the rule of f, and is put back in its place; the gradient of the rest of
x passes. PyTorch's node for it is CopySlices.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import torch

from chainrule.formula import Words, where
from chainrule.rules.rule import Bound, Gradients, Rule, Tensor, x
from chainrule.step import Call, Value

# sizes, strides, offset: where the numbers of a view lie among those of its base
Part: TypeAlias = tuple[tuple[int, ...], tuple[int, ...], int]
INSIDE = Words("in the part")
SUFFIX = "_through_view"


def part_of(base: Tensor, view: Tensor) -> Part | None:
    """Where the view lies in its base; None where that is not a matter of numbers in order."""
    strided = base.layout == view.layout and view.untyped_storage()._cdata == base.untyped_storage()._cdata
    plain = view.dtype == base.dtype and not (view.is_conj() or view.is_neg() or base.is_conj() or base.is_neg())
    if not (strided and plain and base.is_contiguous() and apart(view)):
        return None
    return tuple(view.shape), view.stride(), int(view.storage_offset() - base.storage_offset())


def apart(view: Tensor) -> bool:
    """Whether no two of its numbers share a place, as those of an expanded tensor do."""
    reach = 1
    for stride, size in sorted(zip(view.stride(), view.shape, strict=True)):
        if size > 1 and stride < reach:
            return False
        reach = max(reach, stride * size)
    return True


class ThroughView(Rule):
    """The rule of a function that writes in place, as it acts on a part of x; `part` says which."""

    def __init__(self, inner: Rule) -> None:
        partials = {name: where(INSIDE, partial, 0) for name, partial in inner.partials.items()}
        if "input" in partials:
            partials["input"] = where(INSIDE, inner.partials["input"], 1)
        super().__init__(inner.name + SUFFIX, "input, part", (), where(INSIDE, inner.formula, x), partials, inner.keeps)
        self.inner = inner

    def declines(self, c: Bound) -> str:
        reason = self.inner.declines(Bound(seen_alone(c.call)))
        return f"through a view: {reason}" if reason else ""

    def save(self, c: Bound, out: Tensor) -> dict[str, Tensor] | None:
        return self.inner.save(Bound(seen_alone(c.call)), out)

    def vjp(self, c: Bound, g: Tensor) -> Gradients:
        return self._around(c, g, self.inner.vjp)

    def magnitude(self, c: Bound, m: Tensor) -> Gradients:
        return self._around(c, m, self.inner.magnitude)

    def _around(self, c: Bound, g: Tensor, product: Callable[[Bound, Tensor], Gradients]) -> Gradients:
        part = c.call.arguments["part"]
        whole = g.clone(memory_format=torch.contiguous_format)  # so that its numbers lie as those of x
        gradients = product(Bound(seen_alone(c.call)), whole.as_strided(*part).clone())
        if c.needs("input"):
            inside = gradients.get("input")
            whole.as_strided(*part).copy_(whole.new_zeros(()) if inside is None else inside)
            gradients["input"] = whole
        return gradients


def seen_alone(call: Call) -> Call:
    """The call as if the part were all there is: of x and of the result, the numbers in the part."""
    part = call.arguments["part"]

    def cut(value: Value) -> Value:
        whole = None if value.tensor is None else value.tensor.contiguous()
        numbers = None if whole is None else whole.as_strided(part[0], part[1], whole.storage_offset() + part[2])
        return replace(value, shape=part[0], tensor=numbers)

    arguments = {name: argument for name, argument in call.arguments.items() if name != "part"}
    arguments["input"] = cut(arguments["input"])
    return replace(call, arguments=arguments, outputs=[cut(value) for value in call.outputs])


through_view = functools.cache(ThroughView)
