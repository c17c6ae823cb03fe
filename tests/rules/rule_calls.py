"""A recorded Call made from a torch call, without the watch: what the tests of the rules judge.

The numbers that a rule does not list in `keeps` are taken away, as the watch would leave them out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch

from chainrule.rules import SPELLINGS, Bound, Rule
from chainrule.step import Call, Value, map_argument

Tensor = torch.Tensor


@dataclass
class Made:
    """One torch call with the rule that differentiates it.

    rule      the first rule that takes the call, or None, and then `reason` says why
    call      with every number
    inputs    (argument, the Value, the tensor that was passed) for each tensor that requires grad
    outputs   what torch returned, tensors only
    """

    rule: Rule | None
    reason: str
    call: Call
    inputs: list[tuple[str, Value, Tensor]]
    outputs: list[Tensor]

    @property
    def bound(self) -> Bound:
        """The arguments as the vjp reads them: without the numbers that the rule does not keep."""
        assert self.rule is not None
        return Bound(kept(self.call, self.rule.keeps))

    def upstream(self, seed: int = 0, positive: bool = False) -> list[Tensor | None]:
        """A random gradient for each output that has one."""
        generator = torch.Generator().manual_seed(seed)
        found: list[Tensor | None] = []
        for out in self.outputs:
            if not out.requires_grad:
                found.append(None)
                continue
            g = torch.randn(out.shape, dtype=torch.float64, generator=generator).to(out.dtype)
            found.append(g.abs() if positive else g)
        return found


def value(tensor: Tensor) -> Value:
    return Value(0, tuple(tensor.shape), tensor.dtype, tensor.detach(), tensor.requires_grad, "data")


def as_value(part: Any) -> Any:
    return value(part) if isinstance(part, torch.Tensor) else part


def kept(call: Call, keeps: frozenset[str]) -> Call:
    """A copy of the call without the numbers of the arguments (and outputs) not named in `keeps`."""

    def bare(part: Any) -> Any:
        return replace(part, tensor=None) if isinstance(part, Value) else part

    arguments = {n: a if n in keeps else map_argument(bare, a) for n, a in call.arguments.items()}
    outputs = call.outputs if "output" in keeps else [bare(v) for v in call.outputs]
    return Call(0, call.name, call.rule, "", "", 0, arguments, outputs, saved=call.saved)


def pairs(argument: Any, raw: Any) -> Iterator[tuple[Value, Tensor]]:
    """The Values of an argument beside the tensors they were made from."""
    if isinstance(argument, Value):
        yield argument, raw
    elif isinstance(argument, list | tuple):
        for part, raw_part in zip(argument, raw, strict=True):
            yield from pairs(part, raw_part)


def result_of(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Tensor]:
    """The tensors that a call returns; of one that writes in place, a copy of its target after the write."""
    name = getattr(function, "__name__", "")
    if name == "__setitem__" or (name.endswith("_") and not name.endswith("__")):
        target = args[0].clone()
        function(target, *args[1:], **kwargs)
        return [target]
    result = function(*args, **kwargs)
    return [part for part in (result if isinstance(result, list | tuple) else [result]) if isinstance(part, Tensor)]


def make(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> Made:
    """Call the function, and bind the call to the first rule that covers it."""
    kwargs = kwargs or {}
    spelling = SPELLINGS[function]
    torch.manual_seed(0)
    outputs = result_of(function, args, kwargs)
    reasons, call, inputs = [], Call(0, spelling.name, None, "", "", 0, {}, []), []
    for rule, bound in spelling.bind(args, kwargs):
        arguments = {n: map_argument(as_value, a) for n, a in bound.items()}
        call = Call(0, spelling.name, rule.name, "", "", 0, arguments, [value(o) for o in outputs])
        inputs = [
            (name, v, t) for name, raw in bound.items() for v, t in pairs(arguments[name], raw) if v.requires_grad
        ]
        c = Bound(call)
        reason = rule.declines(c)
        saved = None if reason else rule.save(c, outputs[0])
        if saved is None:
            reasons.append(reason or "its numbers are not to be had")
            continue
        call.saved = {name: tensor.detach() for name, tensor in saved.items()}
        return Made(rule, "", call, inputs, outputs)
    return Made(None, "; ".join(reasons) or "the arguments fit no rule", call, inputs, outputs)


def gradients(made: Made, found: dict[str, Any]) -> list[Tensor | None]:
    """The gradients a rule returned, one for each of `made.inputs`."""
    flat = []
    for name, v, _ in made.inputs:
        argument, gradient = made.call.arguments[name], found.get(name)
        flat.append(gradient if isinstance(argument, Value) else _inside(argument, gradient, v))
    return flat


def _inside(argument: Any, gradient: Any, wanted: Value) -> Tensor | None:
    if isinstance(argument, Value):
        return gradient if argument is wanted else None  # type: ignore[no-any-return]
    if isinstance(argument, list | tuple) and gradient is not None:
        for part, g in zip(argument, gradient, strict=True):
            inside = _inside(part, g, wanted)
            if inside is not None:
                return inside
    return None


def autograd(made: Made, upstream: list[Tensor | None]) -> list[Tensor | None]:
    """What PyTorch sends to each input for these upstream gradients."""
    chosen = [(o, g) for o, g in zip(made.outputs, upstream, strict=True) if g is not None]
    return list(
        torch.autograd.grad(
            [o for o, _ in chosen],
            [t for *_, t in made.inputs],
            [g for _, g in chosen],
            retain_graph=True,
            allow_unused=True,
        )
    )


# ---------------------------------------------------------------- how close is equal

# A function of torch's is exact to a few u (16 covers chains of three of them), a sum of n products to n·u of the sum
# of their sizes (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1); both sides may err.
FUNCTION = 16


def unit(made: Made) -> float:
    """u of the coarsest dtype that takes part: half the distance from 1 to the next number."""
    values = (*made.call.outputs, *(v for _, v, _ in made.inputs))
    return max(torch.finfo(v.dtype).eps / 2 for v in values if v.dtype.is_floating_point)


def tolerance(made: Made) -> float:
    n = max(v.numel for v in (*made.call.outputs, *made.call.values))
    return 2 * unit(made) * (FUNCTION + n)


def close(ours: Tensor, theirs: Tensor, allowed: Tensor) -> bool:
    """Equal to within `allowed`; infinite and nan at the same places."""
    finite = torch.isfinite(theirs)
    same = torch.equal(torch.nan_to_num(ours[~finite], 7), torch.nan_to_num(theirs[~finite], 7))
    return same and bool(((ours - theirs).abs() <= allowed)[finite].all())


def positive(upstream: list[Tensor | None]) -> list[Tensor | None]:
    return [g if g is None else g.abs() for g in upstream]
