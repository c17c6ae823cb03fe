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


# ---------------------------------------------------------------- a rule that raises


def raising(*_):
    raise ZeroDivisionError("a mistake of ours")


class TwoPaths(nn.Module):
    """`first` reaches the loss through tanh alone, `last` not through it, `both` in both ways."""

    def __init__(self):
        super().__init__()
        self.first, self.both, self.last = nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 1)

    def forward(self, x):
        return self.last(torch.tanh(self.both(self.first(x))) + self.both(x))


def one_step(check):
    """The step of TwoPaths, with copies of our gradients and autograd's, both by name, and the calls."""
    torch.manual_seed(0)
    model, x = TwoPaths(), torch.randn(5, 3)
    found = {}

    def look(step):
        names = {value.index: name for name, value in step.parameters.items()}
        found["ours"] = {names[i]: g.clone() for i, g in step.gradients.items() if i in names}
        found["opaque"] = [(call.name, call.module, call.reason) for call in step.calls if call.rule is None]

    verdicts = watched(lambda: model(x).square().mean().backward(), check=check, look=look)
    return verdicts, found, {name: p.grad for name, p in model.named_parameters()}


@pytest.mark.parametrize("broken", ["vjp", "magnitude"])
def test_where_a_rule_raises_autograd_stands_in_for_the_call(broken, monkeypatch):
    """In a step whose calls are checked alone: what autograd sent to them was noted."""
    monkeypatch.setattr(RULES["tanh"], "vjp", raising if broken == "vjp" else Spoiled("tanh"))
    monkeypatch.setattr(RULES["tanh"], "magnitude", raising)  # asked for only where the vjp disagrees
    verdicts, found, theirs = one_step(check=True)
    assert verdicts.errors == []
    assert verdicts.agreements[0].proved
    assert found["opaque"] == [("torch.tanh", "TwoPaths", "its rule tanh failed: ZeroDivisionError: a mistake of ours")]
    [problem] = verdicts.problems
    assert re.match(
        r"torch\.tanh at \S+test_faults\.py:\d+ in module TwoPaths is opaque, autograd's gradients", problem
    )
    assert found["ours"].keys() == theirs.keys()
    for name, gradient in theirs.items():
        torch.testing.assert_close(found["ours"][name], gradient)


def test_where_a_rule_raises_the_gradients_before_it_are_unknown(monkeypatch):
    """In a step whose calls are not checked alone; a sum that misses a term is no gradient either."""
    monkeypatch.setattr(RULES["tanh"], "vjp", raising)
    verdicts, found, theirs = one_step(check=False)
    assert verdicts.errors == []
    assert not verdicts.agreements[0].proved
    [problem] = verdicts.problems
    assert "the gradients before it are unknown: its rule tanh failed: ZeroDivisionError" in problem
    assert found["ours"].keys() == {"last.weight", "last.bias"}
    for name, gradient in found["ours"].items():
        torch.testing.assert_close(gradient, theirs[name])


def test_a_problem_names_the_module_of_the_call_that_failed(monkeypatch):
    monkeypatch.setattr(RULES["linear"], "vjp", raising)
    verdicts, found, theirs = one_step(check=True)
    assert [problem.split(" is opaque")[0].split(" in ")[1] for problem in verdicts.problems] == [
        "module last",
        "module both",
        "module both",
        "module first",
    ]
    assert found["ours"].keys() == theirs.keys()


def test_a_call_that_two_backward_passes_share_may_fail_too(monkeypatch):
    monkeypatch.setattr(RULES["tanh"], "vjp", raising)
    w = torch.tensor(0.5, requires_grad=True)
    found = []

    def train():
        optimizer = torch.optim.SGD([w], lr=0.1)
        y = torch.tanh(w)
        (2 * y).backward(retain_graph=True)
        (3 * y).backward()
        optimizer.step()

    verdicts = watched(train, look=lambda step: found.append(step.parameters["w"].index in step.gradients))
    assert len(verdicts.problems) == 1
    assert verdicts.errors == []
    assert found == [False]
