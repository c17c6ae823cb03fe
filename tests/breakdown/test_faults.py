"""A rule that is wrong by one part in a thousand is reported as our error, by name, and no other rule is."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from nets import CASES, MISTAKE, Spoiled, build, watched
from torch import nn

from chainrule.api import explain
from chainrule.rules import RULES
from chainrule.rules.optimizers import UPDATE_RULES


def named(errors: tuple[str, ...]) -> set[str]:
    """The rules that the errors of the per-call check name."""
    return {match[1] for error in errors if (match := re.match(r"the rule (\S+) differs", error))}


def rules_of(name: str) -> set[str]:
    return {call.rule for call in explain(build(name).loss)._data.backwards[0].calls if call.rule}


PAIRS = [(name, rule) for name in CASES for rule in sorted(rules_of(name))]


@pytest.mark.parametrize(("name", "rule"), PAIRS, ids=[f"{rule} in {name}" for name, rule in PAIRS])
def test_the_check_of_each_call_names_exactly_the_wrong_rule(name, rule, monkeypatch):
    case = build(name)
    monkeypatch.setattr(RULES[rule], "vjp", Spoiled(rule))
    agreement = explain(case.loss).agreement
    assert named(agreement.errors) == {rule}
    assert not agreement.holds
    assert not agreement.proved
    assert all("this is an error of chainrule" in error for error in agreement.errors)


# For each rule a small model that leans on it: z is a linear layer's output, t something of the same shape.
LEANING = {
    "linear": lambda z, t: F.mse_loss(z, t),
    "mse_loss": lambda z, t: F.mse_loss(z, t),
    "sigmoid": lambda z, t: F.mse_loss(torch.sigmoid(z), t),
    "relu": lambda z, t: F.mse_loss(torch.relu(z), t),
    "add": lambda z, t: F.mse_loss(z + t, 2 * t),
    "mul": lambda z, t: F.mse_loss(z * t, t),
    "log": lambda z, t: torch.log(torch.sigmoid(z)).sum(),
    "mean": lambda z, t: z.square().mean(),
    "softmax": lambda z, t: F.mse_loss(torch.softmax(z, 1), t),
    "cross_entropy": lambda z, t: F.cross_entropy(z, t.argmax(1)),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("rule", LEANING)
def test_the_comparison_at_the_parameters_sees_it_too(rule, dtype, monkeypatch):
    """Without any check of single calls."""
    torch.manual_seed(0)
    layer = nn.Linear(3, 4).to(dtype)
    x, t = torch.randn(6, 3, dtype=dtype), torch.rand(6, 4, dtype=dtype)

    def train():
        LEANING[rule](layer(x), t).backward()

    assert watched(train, check=False).errors == []
    monkeypatch.setattr(RULES[rule], "vjp", Spoiled(rule))
    errors = watched(train, check=False).errors
    assert errors
    assert all(error.startswith("our gradient of ") for error in errors)


OPTIMIZERS = {
    "SGD": {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01},
    "Adam": {"lr": 0.1, "weight_decay": 0.01},
    "AdamW": {"lr": 0.1},
    "RMSprop": {"lr": 0.1, "centered": True},
    "Adagrad": {"lr": 0.1, "lr_decay": 0.01},
}


def descend(optimizer: str, steps: int = 3) -> None:
    torch.manual_seed(0)
    model, x = nn.Linear(3, 2), torch.randn(4, 3)
    made = getattr(torch.optim, optimizer)(model.parameters(), **OPTIMIZERS[optimizer])
    for _ in range(steps):
        made.zero_grad()
        model(x).square().mean().backward()
        made.step()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_wrong_update_rule_is_reported(optimizer, monkeypatch):
    assert watched(lambda: descend(optimizer)).errors == []
    rule = UPDATE_RULES[optimizer]

    def wrong(settings, state):
        for line in rule.lines(settings, state):
            yield replace(line, formula=line.formula * MISTAKE) if line.into == "w" else line

    monkeypatch.setitem(UPDATE_RULES, optimizer, replace(rule, lines=wrong))
    errors = watched(lambda: descend(optimizer)).errors
    assert errors
    assert all(error.startswith(f"our {optimizer} update of ") for error in errors)


def test_every_update_rule_is_spoiled_above():
    assert OPTIMIZERS.keys() == UPDATE_RULES.keys()


def test_an_optimizer_that_writes_something_else_is_not_hidden():
    """The third agreement looks at the weights that were really written."""

    class SGD(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self):
            for group in self.param_groups:
                for p in group["params"]:
                    p.sub_(p.grad, alpha=group["lr"] * MISTAKE)

    w = torch.ones(3, requires_grad=True)
    settings = {"lr": 0.1, "momentum": 0, "dampening": 0, "weight_decay": 0, "nesterov": False, "maximize": False}
    step = explain(lambda: w.square().sum(), SGD([w], settings))
    assert [error for error in step.agreement.errors if error.startswith("our SGD update of w")]


def test_a_gradient_with_another_sign_shape_or_nan_is_an_error(monkeypatch):
    for spoil in (lambda g: -g, lambda g: g * torch.nan, lambda g: g * torch.inf, lambda g: g * 0):
        vjp = RULES["tanh"].vjp
        with monkeypatch.context() as patch:
            patch.setattr(
                RULES["tanh"], "vjp", lambda c, g, vjp=vjp, spoil=spoil: {n: spoil(t) for n, t in vjp(c, g).items()}
            )
            agreement = explain(build("one_sample").loss).agreement
        assert named(agreement.errors) == {"tanh"}


def test_a_rule_that_raises_is_noted_and_never_hidden(monkeypatch):
    def broken(c, g):
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr(RULES["tanh"], "vjp", broken)
    case = build("one_sample")
    verdicts = watched(lambda: case.loss().backward())
    assert any("a mistake of ours" in problem for problem in verdicts.problems) or verdicts.errors
