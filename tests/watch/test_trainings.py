"""A script trains one thing after the other: the run knows where each began, and records its first steps."""

from __future__ import annotations

import torch
from torch import nn

from chainrule.api import watch
from chainrule.diagnose.case import trainings
from chainrule.run.history import open_run


def data():
    torch.manual_seed(0)
    return torch.randn(16, 3), torch.randn(16, 1)


def net():
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))


def fit(model, x, y, steps, optimizer=None):
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()


def spans(path):
    history = open_run(path)
    return [(case.start, case.end) for case in trainings(history)], history


def test_another_model_is_another_training_and_its_first_steps_are_recorded(tmp_path):
    x, y = data()
    with watch(tmp_path / "run"):
        for steps in (33, 47):
            fit(net(), x, y, steps)
    found, history = spans(tmp_path / "run")
    assert found == [(0, 33), (33, 80)]
    assert [step - 33 for step in history.steps if step >= 33] == [*range(11), 12, 15, 20, 25, 30, 40]
    assert [case.steps[0].index for case in trainings(history)] == [0, 33]
    for agreement in (history.read(step).agreement for step in (33, 34)):
        assert agreement.parameters <= agreement.parameters_tolerance


def test_another_optimizer_of_the_same_weights_is_the_same_training(tmp_path):
    x, y = data()
    model = net()
    with watch(tmp_path / "run"):
        for _ in range(3):
            fit(model, x, y, 20)
    found, _ = spans(tmp_path / "run")
    assert found == [(0, 60)]


def test_weights_that_are_thawed_in_the_loop_are_the_same_training(tmp_path):
    x, y = data()
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model[0].requires_grad_(False)
    with watch(tmp_path / "run"):
        fit(model, x, y, 20, optimizer)
        model[0].requires_grad_(True)
        fit(model, x, y, 20, optimizer)
    found, _ = spans(tmp_path / "run")
    assert found == [(0, 40)]


def test_other_weights_of_a_model_with_another_optimizer_or_in_another_loop_are_another_training(tmp_path):
    x, y = data()
    model = net()
    with watch(tmp_path / "run"):
        fit(model, x, y, 20)
        model[0].requires_grad_(False)
        fit(model, x, y, 20)
        model[0].requires_grad_(True)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(20):
            optimizer.zero_grad()
            nn.functional.l1_loss(model(x), y).backward()
            optimizer.step()
    found, _ = spans(tmp_path / "run")
    assert found == [(0, 20), (20, 40), (40, 60)]


def test_those_that_take_turns_are_one(tmp_path):
    x, y = data()
    first, second = net(), net()
    optimizers = [torch.optim.SGD(model.parameters(), lr=0.1) for model in (first, second)]
    with watch(tmp_path / "run"):
        for _ in range(20):
            for model, optimizer in zip((first, second), optimizers, strict=True):
                fit(model, x, y, 2, optimizer)
    found, _ = spans(tmp_path / "run")
    assert found == [(0, len(open_run(tmp_path / "run").losses))]


def test_many_are_one_series(tmp_path):
    x, y = data()
    with watch(tmp_path / "run"):
        for _ in range(6):
            fit(net(), x, y, 12)
    found, history = spans(tmp_path / "run")
    assert found == [(0, 72)]
    assert len(history.about["trainings"]) == 6


def test_steps_that_the_user_chose_stay_as_they_are(tmp_path):
    x, y = data()
    with watch(tmp_path / "run", steps=[0, 5, 40]):
        for _ in range(2):
            fit(net(), x, y, 25)
    assert spans(tmp_path / "run")[1].steps == [0, 5, 40]
