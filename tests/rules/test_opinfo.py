"""Every rule over PyTorch's own samples for its function (torch.testing's op_db), in float64."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest
import torch
from rule_calls import Tensor, autograd, close, gradients, make, positive, tolerance
from torch.overrides import TorchFunctionMode

from chainrule.rules import SPELLINGS

pytest.importorskip("expecttest")  # torch.testing needs it
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_methods_invocations import op_db

SAMPLES = 15
# Functions that op_db calls through one of its own, with the arguments in another order.
WRAPPED = ("nn.functional.dropout", "nn.functional.embedding", "nn.functional.scaled_dot_product_attention", "T", "mT")
# No sample of these is covered: a norm or a reduction that has no rule, a constant rounded by PyTorch.
NEVER = {
    "as_strided.partial_views",
    "nn.functional.hardsigmoid",
    "norm.nuc",
    "scatter_reduce.prod",
}


class Seen(TorchFunctionMode):
    """The calls of functions that have a rule."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in SPELLINGS:
            self.calls.append((func, args, kwargs or {}))
        return func(*args, **(kwargs or {}))


def name_of(op: Any) -> str:
    return f"{op.name}.{op.variant_test_name}" if op.variant_test_name else op.name


def function_of(op: Any) -> Any:
    return next((f for f in (op.op, op.method_variant) if f in SPELLINGS), None)


OPS = [
    op
    for op in op_db
    if (function_of(op) or name_of(op) in WRAPPED)
    and torch.float64 in op.dtypes
    and op.supports_autograd
    and "complex" not in name_of(op)
]


def calls(op: Any) -> Iterator[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]]:
    for sample in islice(op.sample_inputs("cpu", torch.float64, requires_grad=True), SAMPLES):
        args, kwargs = (sample.input, *sample.args), sample.kwargs
        if function_of(op):
            yield function_of(op), args, kwargs
            continue
        with Seen() as seen:
            op.op(*args, **kwargs)
        yield from seen.calls[:1]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("op", OPS, ids=name_of)
def test_vjp_is_autograds(op: Any) -> None:
    torch.manual_seed(0)
    covered = 0
    for function, args, kwargs in calls(op):
        made = make(function, args, kwargs)
        if not made.inputs or not any(o.requires_grad for o in made.outputs):
            continue
        if made.rule is None:
            assert made.reason
            continue
        covered += 1
        upstream = made.upstream()
        ours = gradients(made, made.rule.vjp(made.bound, *upstream))
        sizes = gradients(made, made.rule.magnitude(made.bound, *positive(upstream)))
        for found, size, expected, (name, *_) in zip(ours, sizes, autograd(made, upstream), made.inputs, strict=True):
            assert found is not None
            theirs: Tensor = torch.zeros_like(found) if expected is None else expected
            assert close(found.to(theirs.dtype), theirs, tolerance(made) * size), f"{args} {kwargs}: {name}"
    assert (covered == 0) == (name_of(op) in NEVER)
