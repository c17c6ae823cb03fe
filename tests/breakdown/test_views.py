"""Writes through a view, and what the views of a tensor are after it was written: by rule, and equal to autograd."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from nets import Spoiled
from torch import Tensor

from chainrule.api import explain
from chainrule.breakdown.partials import row
from chainrule.rules import RULES

WRITES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {}


def write(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    WRITES[function.__name__] = function
    return function


def rows_of(y: Tensor) -> Tensor:
    return y[:, 0].clone()


@write
def scaled_column(x, y):
    x[:, 0].mul_(2)
    return x


@write
def added_to_itself(x, y):
    v = x[0]
    v.add_(v, alpha=2)
    return x


@write
def added_to_all_in_a_row(x, y):
    x.view(-1).add_(y.reshape(-1), alpha=3)
    return x


@write
def assigned_to_a_row_of_a_view(x, y):
    x.t()[1] = rows_of(y)[:3]
    return x


@write
def masked_zero_in_a_view(x, y):
    v = x[1:]
    v[y[1:] > 0] = 0
    return x


@write
def masked_fill_of_a_view(x, y):
    x[:, 1:].masked_fill_(y[:, 1:] > 0, 0.5)
    return x


@write
def updated_with_an_operator(x, y):
    x[:, 0] += y[:, 1]
    x[1] *= y[0]
    return x


def one_call(name: str, call: Callable[[Tensor, Tensor], object]) -> None:
    def function(x: Tensor, y: Tensor) -> Tensor:
        call(x, y)
        return x

    WRITES[name] = function


# autograd allows no other write after one of these: they read their output or input again
one_call("tanh keeps its output", lambda x, y: x[:, 1].tanh_())
one_call("exp keeps its output", lambda x, y: x[1:, ::2].exp_())
one_call("pow keeps its input", lambda x, y: (x * 1)[1].pow_(3))
one_call("div keeps its divisor", lambda x, y: x[:, 2].div_(y[:, 0].exp()))
one_call("relu", lambda x, y: F.relu(x[2], inplace=True))
one_call("clamp", lambda x, y: x[:2].clamp_(min=-0.5))
one_call("index_put", lambda x, y: x[1:].index_put_((torch.tensor([1, 0]),), y[:2], accumulate=True))
one_call("index_add", lambda x, y: x.t().index_add_(0, torch.tensor([2, 2]), y[:, :2].t()))
one_call("scatter_add", lambda x, y: x[:, 1:].scatter_add_(1, torch.tensor([[0, 2]]), y[:1, :2]))
one_call("lerp", lambda x, y: x[0].lerp_(y[1], 0.3))


@write
def into_zeros(x, y):
    out = torch.zeros(3, 4, dtype=x.dtype)
    out[:, 1].copy_(x[:, 0])
    out[0].add_(y[1])
    return out * y


@write
def a_cache_filled_in_a_loop(x, y):
    cache = torch.zeros(2, 3, 4, dtype=x.dtype)
    keys, values = cache[0], cache[1]
    for t in range(3):
        keys[t] = x[t] * y[t]
        values[t].copy_(keys[: t + 1].sum(0))
    return (keys.softmax(-1) * values).sum(0)


@write
def a_view_taken_before_the_write(x, y):
    v = x[0]
    x.mul_(y)
    return v * v + x[1]


@write
def a_view_that_its_base_and_another_view_write(x, y):
    v, w = x.view(-1), x[:, 2:]
    v[::2].mul_(3)
    w.add_(y[:, :2] * v[0].clone())
    return v.sin().reshape(3, 4) * x


@write
def a_view_of_a_view(x, y):
    x[1:].transpose(0, 1)[2:].addcmul_(y[1:].t()[2:], y[1:].t()[:2], value=2)
    return x


@write
def filled_and_cleared(x, y):
    x[0].fill_(y[0, 0])
    x[:, 3].zero_()
    return x * y


def sample() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(3, 4, dtype=torch.float64, generator=generator).requires_grad_() for _ in range(2))
    return a, b


def loss_of(function, a, b):
    return lambda: (function(a * 1.5, b + 0.25) ** 2).sum()


@pytest.mark.parametrize("name", WRITES)
def test_a_write_through_a_view_is_by_rule(name):
    """Each rule alone and the parameters agree with autograd's, in a step; and with a second run, unwatched."""
    a, b = sample()
    step = explain(loss_of(WRITES[name], a, b))
    assert step.agreement.proved, step.agreement
    assert step._data.problems == []
    assert [call.reason for call in step._data.calls if call.rule is None] == []
    theirs = torch.autograd.grad(loss_of(WRITES[name], a, b)(), (a, b), allow_unused=True)
    for name_, gradient in zip("ab", theirs, strict=True):
        ours = [g for i, g in step._data.gradients.items() if step._data.values[i].name == name_]
        assert len(ours) == (gradient is not None)
        for g in ours:
            torch.testing.assert_close(g, gradient)


def test_a_wrong_rule_is_noticed_through_a_view(monkeypatch):
    monkeypatch.setattr(RULES["mul"], "vjp", Spoiled("mul"))
    a, b = sample()
    errors = explain(loss_of(lambda x, y: WRITES["scaled_column"](x, y).clone(), a, b)).agreement.errors
    assert any(error.startswith("the rule mul_through_view differs") for error in errors)


def test_the_row_of_partials_is_that_of_the_jacobian():
    a, b = sample()
    step = explain(loss_of(WRITES["div keeps its divisor"], a, b))._data
    call = next(call for call in step.calls if call.rule == "div_through_view")
    for value, index in ((call.arguments["input"], (1, 2)), (call.arguments["input"], (1, 0)), (call.inputs[1], (1,))):

        def written(x: Tensor, d: Tensor) -> Tensor:
            x = x.clone()
            x[:, 2].div_(d)
            return x

        given = (call.arguments["input"].tensor, call.arguments["other"].tensor)
        jacobian = torch.autograd.functional.jacobian(written, given)[0 if value is call.inputs[0] else 1]
        (found,) = row(call, value, index, [torch.ones(3, 4, dtype=torch.float64)])
        torch.testing.assert_close(found, jacobian[(..., *index)])


def squeezed(x, y):
    v = x[:, :1]
    v.squeeze_(1)
    return x * y


def written_as_pairs(x, y):
    torch.view_as_real(torch.complex(x, y))[0].mul_(2)
    return x


def base_not_in_order(x, y):
    base = torch.empty_strided((3, 4), (1, 3), dtype=x.dtype).copy_(x)
    base[0].mul_(2)
    return base


def twice_in_one_place(x, y):
    x.as_strided((3, 2), (1, 1)).add_(y[:, :2])
    return x


@pytest.mark.parametrize("function", [squeezed, written_as_pairs, base_not_in_order, twice_in_one_place])
def test_what_is_not_covered_is_left_to_autograd(function):
    a, b = sample()
    step = explain(loss_of(function, a, b))
    assert step.agreement.holds, step.agreement
    assert step._data.problems == []
    reasons = {call.reason for call in step._data.calls if call.rule is None and call.name.endswith("_")}
    assert reasons <= {"written through a view that is no part of its base in order", "the view itself was changed"}


def test_numbers_written_over_after_the_call_are_those_of_the_call():
    a, b = sample()
    step = explain(loss_of(WRITES["updated_with_an_operator"], a, b))._data
    [first, second] = [call for call in step.calls if call.rule in ("add_through_view", "mul_through_view")]
    x = (a * 1.5).detach()
    torch.testing.assert_close(first.arguments["input"].tensor, x)
    assert second.arguments["part"] == ((4,), (1,), 4)
