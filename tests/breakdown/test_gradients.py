"""Our chain rule gives autograd's gradients: for whole models, and call by call."""

from __future__ import annotations

import pytest
import torch
from nets import CASES, build, watched

from chainrule.api import explain
from chainrule.breakdown.backward import propagate
from chainrule.breakdown.partials import row
from chainrule.rules import RULES, Bound

# Both sides are float64 and round at 1.1e-16; the models sum some hundred products, and their gradients are near 1.
CLOSE = {"rtol": 1e-11, "atol": 1e-13}
every_model = pytest.mark.parametrize("name", CASES)


@every_model
def test_our_gradient_of_every_parameter_is_autograds(name):
    """Autograd's are taken from a second run of the loss, which nothing watches."""
    case = build(name)
    step = explain(case.loss)
    ours = [step._data.gradients[value.index] for value in step._data.parameters.values()]
    parameters = dict(case.model.named_parameters())
    theirs = torch.autograd.grad(case.loss(), list(parameters.values()))
    assert len(ours) == len(theirs)
    by_number = sorted((g.flatten().tolist() for g in ours), key=repr)
    for mine, expected in zip(by_number, sorted((g.flatten().tolist() for g in theirs), key=repr), strict=True):
        torch.testing.assert_close(torch.tensor(mine), torch.tensor(expected), **CLOSE)
    assert step.agreement.proved, step.agreement
    assert not step.problems


@every_model
def test_the_model_is_differentiated_by_rules_alone(name):
    step = explain(build(name).loss)
    assert step.agreement.opaque == 0, [c.name for c in step._data.calls if c.rule is None]


@every_model
def test_every_row_of_partials_is_a_row_of_the_jacobian(name):
    """row(call, v, i) is ∂output/∂v[i]; the other side is torch's jacobian of the function, run on the same numbers."""
    step = explain(build(name).loss)._data
    seen = 0
    for call in step.backwards[0].calls:
        again = REPEATED.get(call.rule)
        if again is None:
            continue
        names = [n for n, a in call.arguments.items() if a in call.inputs]
        arguments = {n: getattr(Bound(call), n) for n in call.arguments}

        def function(*given, again=again, arguments=arguments, names=names):
            return again(**(arguments | dict(zip(names, given, strict=True))))

        given = tuple(arguments[n] for n in names)
        jacobians = torch.autograd.functional.jacobian(function, given)
        for name_, jacobian in zip(names, jacobians, strict=True):
            value = call.arguments[name_]
            index = tuple(size - 1 for size in value.shape)
            (found,) = row(call, value, index, [torch.ones(call.output.shape, dtype=call.output.dtype)])
            torch.testing.assert_close(found, jacobian[(..., *index)], **CLOSE)
            seen += 1
    assert seen or name not in COVERED


REPEATED = {
    "linear": lambda input, weight, bias: torch.nn.functional.linear(input, weight, bias),
    "sigmoid": lambda input: torch.sigmoid(input),
    "tanh": lambda input: torch.tanh(input),
    "relu": lambda input, **_: torch.relu(input),
    "softmax": lambda input, dim, dtype=None, **_: torch.softmax(input, dim),
    "mse_loss": lambda input, target, reduction="mean", **_: torch.nn.functional.mse_loss(
        input, target, reduction=reduction
    ),
    "matmul": lambda input, other: torch.matmul(input, other),
}
COVERED = {"neuron", "one_sample", "classifier", "written_softmax", "shared_and_residual", "written_attention"}


def test_a_weight_used_twice_gets_the_sum_of_both_uses():
    w = torch.tensor(3.0, requires_grad=True)
    step = explain(lambda: w * w * w)
    assert step.parameters["w"].gradient.item() == 27.0


def test_gradients_of_several_backward_passes_are_added():
    w = torch.tensor(3.0, requires_grad=True)
    found = []

    def train():
        optimizer = torch.optim.SGD([w], lr=0.1)
        (2 * w).backward()
        (5 * w).backward()
        optimizer.step()

    verdicts = watched(train, look=lambda step: found.append(float(step.gradients[step.parameters["w"].index])))
    assert found == [7.0]
    assert verdicts.errors == verdicts.problems == []


def test_a_wrong_sum_is_seen_by_the_comparison_with_autograd(monkeypatch):
    """The comparison of this file, seen to fail: the step's gradients recomputed with one rule spoiled."""
    step = explain(build("neuron").loss)._data
    before = dict(step.gradients)
    step.gradients.clear()
    vjp = RULES["sigmoid"].vjp
    monkeypatch.setattr(RULES["sigmoid"], "vjp", lambda c, g: {n: 1.001 * t for n, t in vjp(c, g).items()})
    propagate(step)
    index = step.parameters["weight"].index
    with pytest.raises(AssertionError):
        torch.testing.assert_close(step.gradients[index], before[index], **CLOSE)
