"""PyTorch's own samples, each as the loss of one training step that chainrule explains.

`judge_operator` and `judge_module` return what was found over the samples of one entry of torch.testing's op_db or
module_db: which calls rules differentiated, which were left to autograd, and every disagreement and problem.
"""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import torch

from chainrule.api import Step, explain
from chainrule.rules import SPELLINGS
from chainrule.watching.functions import tensors_in

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_methods_invocations import op_db
    from torch.testing._internal.common_modules import module_db

Tensor = torch.Tensor
# Sparse leaves in compressed rows: torch.autograd.graph.get_gradient_edge takes none, so they cannot be hooked.
NOT_WATCHED = {"sparse.sampled_addmm", "sparse.mm.reduce"}


@dataclass
class Verdict:
    """What the samples of one function showed.

    samples   how many were explained
    whole     in how many rules differentiated every call
    direct    whether the function itself has a rule; None for a module
    reasons   why calls were left to autograd
    faults    disagreements with autograd and problems; none, if chainrule is right
    """

    name: str
    direct: bool | None = None
    samples: int = 0
    whole: int = 0
    reasons: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    @property
    def how(self) -> str:
        """By a rule of its own, opened into functions that have rules, or opaque: never wholly by rules."""
        if not self.whole:
            return "opaque"
        return "rules" if self.direct is None else "rule" if self.direct else "opened"

    def note(self, step: Step) -> None:
        agreement = step.agreement
        assert agreement is not None
        self.samples += 1
        self.whole += agreement.opaque == 0
        self.reasons |= {f"{call.name}: {call.reason}" for call in step.calls if call.rule is None}
        self.faults += [*agreement.errors, *step.problems]


@contextmanager
def a_small_heap() -> Iterator[None]:
    """Every step looks for optimizers among all objects, and op_db is some 200 000: leave them out."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def weighed(out: Any) -> Tensor | None:
    """The sum of every differentiable number that came out, each times a fixed random weight."""
    generator = torch.Generator().manual_seed(1)
    total: Tensor | None = None
    for part in tensors_in(out):
        if not part.requires_grad:
            continue
        dense = part if part.layout is torch.strided else part.to_dense()
        real = torch.view_as_real(dense.resolve_conj()) if dense.is_complex() else dense
        weights = torch.randn(real.shape, generator=generator, dtype=torch.float64).to(real.dtype)
        term = (real * weights).sum()
        total = term if total is None else total + term
    return total


class NothingDifferentiable(Exception):
    pass


def judged(verdict: Verdict, make: Callable[[], Any]) -> None:
    def loss() -> Tensor:
        total = weighed(make())
        if total is None:
            raise NothingDifferentiable
        return total

    with suppress(NothingDifferentiable):
        verdict.note(explain(loss))


# ---------------------------------------------------------------- functions


def name_of(op: Any) -> str:
    return f"{op.name}.{op.variant_test_name}" if op.variant_test_name else str(op.name)


OPERATORS = {
    name_of(op): op
    for op in op_db
    if op.supports_autograd and torch.float64 in op.dtypes and name_of(op) not in NOT_WATCHED
}


def judge_operator(op: Any, samples: int) -> Verdict:
    functions = (op.op, op.method_variant, getattr(torch.nn.functional, op.name.rpartition(".")[2], None))
    names = {spelling.name for spelling in SPELLINGS.values()}
    direct = any(f in SPELLINGS for f in functions if f is not None) or f"Tensor.{op.name}" in names
    verdict = Verdict(name_of(op), direct)
    torch.manual_seed(0)
    for sample in islice(op.sample_inputs("cpu", torch.float64, requires_grad=True), samples):

        def make(sample: Any = sample) -> Any:
            out = op.op(sample.input, *sample.args, **sample.kwargs)
            return sample.output_process_fn_grad(out)

        judged(verdict, make)
    return verdict


def judge_write(op: Any, samples: int) -> Verdict:
    """The function as it writes in place, through a view of a larger tensor."""
    verdict = Verdict(name_of(op))
    torch.manual_seed(0)
    for sample in islice(op.sample_inputs("cpu", torch.float64, requires_grad=True), samples):

        def make(sample: Any = sample) -> Any:
            base = torch.stack([sample.input, 2 * sample.input], sample.input.dim())
            op.inplace_variant(base.select(-1, 1), *sample.args, **sample.kwargs)
            return base

        with suppress(RuntimeError, ValueError, IndexError):  # torch does not write every sample so
            judged(verdict, make)
    return verdict


# ---------------------------------------------------------------- modules

MODULES = {info.formatted_name: info for info in module_db}


def judge_module(info: Any, samples: int) -> Verdict:
    verdict = Verdict(info.formatted_name)
    torch.manual_seed(0)
    inputs = info.module_inputs_func(info, device="cpu", dtype=torch.float64, requires_grad=True, training=True)
    for given in islice(inputs, samples):
        constructed = given.constructor_input
        module = info.module_cls(*constructed.args, **constructed.kwargs).to(torch.float64).train()
        called = given.forward_input
        if called is not None:
            args, kwargs = leaves(called.args), leaves(called.kwargs)
            judged(verdict, lambda module=module, args=args, kwargs=kwargs: module(*args, **kwargs))
    return verdict


def leaves(part: Any) -> Any:
    """The same without the graph in which some samples were made."""
    if isinstance(part, Tensor):
        return part.detach().requires_grad_(part.requires_grad)
    if isinstance(part, dict):
        return {key: leaves(inner) for key, inner in part.items()}
    return type(part)(leaves(inner) for inner in part) if isinstance(part, list | tuple) else part
