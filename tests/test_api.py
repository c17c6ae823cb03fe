"""The Python interface: explain leaves everything as it was, watch records what runs inside it."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import chainrule
from chainrule.api import Run, explain, load, watch
from chainrule.errors import NothingRecorded, RunExists, RunMissing

SOURCE = Path(__file__).parents[1] / "src"
OPTIMIZERS = {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "Adam": lambda p: torch.optim.Adam(p, lr=0.1),
    "LBFGS": lambda p: torch.optim.LBFGS(p),
}


class Setting:
    """A model with dropout, an optimizer with some history, and gradients from before."""

    def __init__(self, optimizer: str = "Adam", history: int = 3) -> None:
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 1))
        self.frozen = nn.Parameter(torch.ones(2))  # its gradient is None
        self.x = torch.randn(5, 3)
        self.optimizer = OPTIMIZERS[optimizer]([*self.model.parameters(), self.frozen])
        for _ in range(history if optimizer != "LBFGS" else 0):
            self.optimizer.zero_grad()
            self.loss().backward()
            self.optimizer.step()

    def loss(self) -> torch.Tensor:
        return self.model(self.x).square().mean()

    def snapshot(self) -> list[object]:
        """Everything that explain must leave alone: numbers, gradients, state, random numbers."""
        parameters = [*self.model.parameters(), self.frozen]
        return [
            [p.detach().clone() for p in parameters],
            [None if p.grad is None else p.grad.clone() for p in parameters],
            [id(p.grad) for p in parameters],
            [p.requires_grad for p in parameters],
            [
                sorted((k, copy(v)) for k, v in self.optimizer.state[p].items()) if p in self.optimizer.state else None
                for p in parameters
            ],
            torch.get_rng_state(),
            len(self.optimizer._optimizer_step_pre_hooks),
            torch._C._len_torch_function_stack(),
            [torch.autograd.backward, torch.autograd.grad, torch.Tensor.backward, torch.optim.Optimizer.__init__],
            torch.overrides.has_torch_function,
            torch.autograd._engine_run_backward,
        ]


def copy(value: object) -> object:
    return value.detach().clone() if isinstance(value, torch.Tensor) else value


def same(a: object, b: object) -> bool:
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
@pytest.mark.parametrize("history", [0, 3])
def test_explain_leaves_everything_as_it_was(optimizer, history):
    setting = Setting(optimizer, history)
    before = setting.snapshot()
    step = explain(setting.loss, setting.optimizer)
    assert same(setting.snapshot(), before)
    assert step.agreement.proved
    assert step.agreement.update == step.agreement.update  # not nan: the update was compared


def test_explain_without_an_optimizer_leaves_everything_as_it_was():
    setting = Setting()
    before = setting.snapshot()
    explain(setting.loss)
    assert same(setting.snapshot(), before)


@pytest.mark.parametrize("when", ["in the forward pass", "in the backward pass", "in the step"])
def test_explain_leaves_everything_as_it_was_when_the_script_raises(when):
    setting = Setting()
    before = setting.snapshot()

    class Raises(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            raise ZeroDivisionError

    def loss():
        torch.rand(3)
        value = setting.loss()
        if when == "in the forward pass":
            raise ZeroDivisionError
        return Raises.apply(value) if when == "in the backward pass" else value

    if when == "in the step":
        setting.optimizer.register_step_pre_hook(lambda *a: 1 / 0)
        before = setting.snapshot()
    with pytest.raises(ZeroDivisionError):
        explain(loss, setting.optimizer)
    assert same(setting.snapshot(), before)


def test_training_goes_on_after_explain_as_if_it_had_not_been():
    ends = []
    for asked in (False, True):
        setting = Setting()
        if asked:
            explain(setting.loss, setting.optimizer)
        for _ in range(3):
            setting.optimizer.zero_grad()
            setting.loss().backward()
            setting.optimizer.step()
        ends.append([p.detach() for p in setting.model.parameters()])
    assert same(*ends)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.model[0].weight.data.add_(1e-7),
        lambda s: s.model[0].weight.grad.mul_(2),
        lambda s: s.optimizer.state[s.model[0].weight]["exp_avg"].add_(1e-7),
        lambda s: torch.rand(1),
        lambda s: setattr(s.model[0].weight, "grad", None),
        lambda s: setattr(s.frozen, "grad", torch.zeros(2)),
    ],
)
def test_the_snapshot_sees_every_change(change):
    """The checker of this file, seen to fail."""
    setting = Setting()
    before = setting.snapshot()
    assert same(setting.snapshot(), before)
    change(setting)
    assert not same(setting.snapshot(), before)


def test_a_loss_without_parameters_is_refused_in_words():
    with pytest.raises(NothingRecorded, match="no parameter"):
        explain(lambda: torch.ones(3).sum())
    assert torch._C._len_torch_function_stack() == 0


def test_explain_can_be_called_again_and_again():
    setting = Setting(history=0)
    first, second = explain(setting.loss, setting.optimizer), explain(setting.loss, setting.optimizer)
    assert first.loss == second.loss
    assert same(first.parameters["0.weight"].gradient, second.parameters["0.weight"].gradient)


def test_the_calls_are_listed_in_the_order_in_which_they_ran():
    a, b = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
    step = explain(lambda: a.sin() * b.cos() + a.exp())
    assert [call.rule for call in step.calls] == ["sin", "cos", "mul", "exp", "add"]


def train(steps: int, optimizer=None, model=None) -> nn.Module:
    torch.manual_seed(1)
    model = model or nn.Linear(2, 1)
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=0.1)
    x = torch.randn(4, 2)
    for _ in range(steps):
        optimizer.zero_grad()
        model(x).square().mean().backward()
        optimizer.step()
    return model


def test_watch_records_what_runs_inside_it(tmp_path):
    with watch(tmp_path / "a.run", every=2) as run:
        train(7)
    assert isinstance(run, Run)
    assert run.steps == [0, 2, 4, 6]
    assert len(run.losses) == 7
    assert run.losses == sorted(run.losses, reverse=True)
    assert run[0].loss == run.losses[0]
    assert run[-1].index == 6
    assert set(run[0].parameters) == {"weight", "bias"}
    assert load(tmp_path / "a.run").about["ended"] == "finished"
    train(3)  # outside
    assert len(run.losses) == 7


def test_a_recorded_weight_after_is_the_next_ones_before(tmp_path):
    with watch(tmp_path / "a.run", every=1) as run:
        model = train(5)
    for this, following in itertools.pairwise(run):
        assert torch.equal(this.parameters["weight"].after, following.parameters["weight"].value)
    assert torch.equal(run[4].parameters["weight"].after, model.weight)


def test_an_exception_inside_is_passed_on_and_noted(tmp_path):
    def fail():
        train(3)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), watch(tmp_path / "a.run") as run:
        fail()
    assert run.about["ended"] == "exception"
    assert len(run.losses) == 3


def test_a_run_is_never_overwritten_unasked(tmp_path):
    with watch(tmp_path / "a.run"):
        train(2)
    with pytest.raises(RunExists), watch(tmp_path / "a.run"):
        pass
    with watch(tmp_path / "a.run", overwrite=True) as run:
        train(3)
    assert len(run.losses) == 3
    with pytest.raises(RunMissing):
        load(tmp_path / "b.run")


def test_every_optimizer_that_follows_another_is_counted(tmp_path):
    """Cross-validation, a second stage of fine-tuning, a cell that is run again."""
    with watch(tmp_path / "a.run", every=1) as run:
        for _ in range(3):
            train(4)
    assert len(run.losses) == 12
    assert all(step.agreement.holds for step in run)


def test_a_second_optimizer_for_the_same_model_takes_over(tmp_path):
    model = nn.Linear(2, 1)
    first = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(tmp_path / "a.run", every=1) as run:
        train(4, first, model)
        second = torch.optim.Adam(model.parameters())
        train(4, second, model)
    assert len(run.losses) in (7, 8)  # until the first does not step again, it is waited for
    assert all(step.agreement.holds for step in run)


def test_an_optimizer_nobody_uses_does_not_spoil_the_steps_of_another(tmp_path):
    """As in a notebook, where the optimizer of an earlier cell is still there."""
    idle = torch.optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1)
    with watch(tmp_path / "a.run", every=1) as run:
        train(5)
    assert len(run.losses) in (4, 5)
    assert all(step.agreement.holds for step in run), [step.agreement.errors for step in run]
    del idle


def test_data_that_is_overwritten_for_the_next_backward_is_not_mixed_up(tmp_path):
    """A buffer that holds one micro-batch after the other."""
    layer, out, x = nn.Linear(3, 4), nn.Linear(4, 1), torch.ones(2, 3)
    optimizer = torch.optim.SGD([*layer.parameters(), *out.parameters()], lr=0.1)
    with watch(tmp_path / "a.run", every=1, check="all") as run:
        for _ in range(3):
            optimizer.zero_grad()
            for k in range(3):
                x.copy_(torch.full((2, 3), float(k)))
                out(torch.tanh(layer(x))).square().sum().backward()
            optimizer.step()
    assert all(step.agreement.holds for step in run), run[0].agreement.errors


def test_weights_that_are_clamped_after_the_update_raise_no_alarm(tmp_path):
    """As the critic of a Wasserstein GAN, between its own step and the other network's."""
    critic, maker = nn.Linear(2, 1), nn.Linear(2, 2)
    one, other = torch.optim.SGD(critic.parameters(), lr=0.5), torch.optim.SGD(maker.parameters(), lr=0.5)
    with watch(tmp_path / "a.run", every=1, check="all") as run:
        for _ in range(3):
            made = maker(torch.ones(4, 2))
            one.zero_grad()
            (critic(made.detach()).mean() - critic(torch.zeros(4, 2)).mean()).backward()
            one.step()
            with torch.no_grad():
                for p in critic.parameters():
                    p.clamp_(-0.01, 0.01)
            other.zero_grad()
            (-critic(made).mean()).backward()
            other.step()
    assert len(run.losses) == 3
    assert all(step.agreement.holds for step in run), run[0].agreement.errors


@pytest.mark.parametrize(
    "spelt",
    [
        lambda v, g: v.backward(g),
        lambda v, g: v.backward(gradient=g),
        lambda v, g: torch.autograd.backward(v, g),
        lambda v, g: torch.autograd.backward(v, grad_tensors=g),
        lambda v, g: torch.autograd.backward([v], [g], retain_graph=True),
        lambda v, g: torch.autograd.backward(tensors=(v, v.sum()), grad_tensors=(g, None)),
    ],
)
def test_backward_may_be_spelt_in_any_way(spelt, tmp_path):
    w = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.SGD([w], lr=0.1)
    ends = []
    for folder in (None, "a.run"):
        with torch.no_grad():
            w.fill_(1.0)
        w.grad = None

        def steps():
            for _ in range(3):
                spelt(w * w, torch.ones(3))
                optimizer.step()

        if folder is None:
            steps()
        else:
            with watch(tmp_path / folder, steps=[0, 2]) as run:
                steps()
            assert len(run.losses) == 3
            assert all(step.agreement.holds for step in run)
        ends.append(w.detach().clone())
    assert torch.equal(*ends)


def test_the_public_names_are_functions_however_they_are_reached():
    """`chainrule.watch` is a function and a folder: the function must win, also after the folder was imported."""
    program = (
        "import chainrule, chainrule.watching.script\n"
        "chainrule.explain; chainrule.load\n"
        "print(callable(chainrule.watch), callable(chainrule.watch), callable(chainrule.explain))\n"
        "from chainrule import watch\n"
        "print(callable(watch))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(SOURCE)}, capture_output=True, text=True
    )
    assert done.stdout == "True True True\nTrue\n", done.stderr


def test_the_package_offers_its_names():
    assert all(hasattr(chainrule, name) for name in chainrule.__all__)


def test_printing_a_step_and_its_four_sections_says_something():
    setting = Setting(history=0)
    step = explain(setting.loss, setting.optimizer)
    for part in (step, step.forward, step.partials, step.backward, step.update, step.derive("0.weight", (0, 0))):
        assert len(str(part)) > 20
    assert len(step.forward) == len(step.calls)


def test_asking_for_a_public_name_leaves_pythons_random_numbers_alone():
    """rich draws from them when it is imported."""
    script = "import random, torch, chainrule; random.seed(0); chainrule.watch; print(random.random())"
    plain = "import random; random.seed(0); print(random.random())"
    printed = [
        subprocess.run([sys.executable, "-c", text], env={"PYTHONPATH": str(SOURCE)}, capture_output=True, text=True)
        for text in (script, plain)
    ]
    assert printed[0].stdout == printed[1].stdout != "", printed[0].stderr
