"""What a step knows besides its calls: the lines of backward() and step(), calls beside the graph, its end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from chainrule.api import watch
from chainrule.run.history import open_run
from chainrule.watching.beside.frozen import is_as_drawn

HERE = __file__


def line_of(text: str) -> int:
    """The line of this file that ends with the comment `# text`."""
    lines = Path(HERE).read_text().splitlines()
    return 1 + next(i for i, line in enumerate(lines) if line.endswith(f"# {text}"))


def problem():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), torch.randn(8, 3)


def asides(step):
    return [(aside.name, aside.at.line, aside.trains) for aside in step.asides]


def test_backward_step_and_optimizer_know_their_lines(tmp_path):
    model, x = problem()
    with watch(tmp_path / "run"):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # made
        model(x).square().mean().backward()  # backward
        optimizer.step()  # step
    step = open_run(tmp_path / "run").read(0)
    update = step.updates[0]
    assert [step.backwards[0].at.line, update.at.line, update.made.line] == [
        line_of("backward"),
        line_of("step"),
        line_of("made"),
    ]
    assert {step.backwards[0].at.file, update.at.file, update.made.file} == {HERE}


def test_an_update_knows_where_its_schedule_was_made(tmp_path):
    model, x = problem()
    schedulers = torch.optim.lr_scheduler
    with watch(tmp_path / "run"):
        optimizers = [torch.optim.SGD([p], lr=0.1) for p in (model[0].weight, model[2].weight, model[2].bias)]
        schedulers.ReduceLROnPlateau(optimizer=optimizers[0])  # plateau
        schedulers.StepLR(optimizers[1], step_size=2)
        schedulers.OneCycleLR(optimizers[1], 0.2, 10)  # cycle
        model(x).square().mean().backward()
        for optimizer in optimizers:
            optimizer.step()
    found = [update.scheduled.line for update in open_run(tmp_path / "run").read(0).updates]
    assert found == [line_of("plateau"), line_of("cycle"), 0]


def test_a_gradient_that_a_script_asks_for_is_that_of_its_own_update(tmp_path):
    torch.manual_seed(0)
    w, x = torch.randn(3, 1, requires_grad=True), torch.randn(8, 3)
    with watch(tmp_path / "run") as run:
        for _ in range(3):
            (gradient,) = torch.autograd.grad((x @ w).square().mean(), [w])
            with torch.no_grad():
                w -= 0.1 * gradient
    for index in range(3):
        step = run.history.read(index)
        ((number, change),) = step.updates[0].parameters.items()
        torch.testing.assert_close(change.gradient, step.gradients[number])
        torch.testing.assert_close(change.after, change.before - 0.1 * change.gradient)


@pytest.mark.parametrize("way", ["norm", "value", "by hand", "set", "alias"])
def test_the_line_that_shortens_a_gradient_is_known(way, tmp_path):
    model, x = problem()
    with watch(tmp_path / "run"):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for step in range(2):
            optimizer.zero_grad(set_to_none=False)
            model(x).square().mean().backward()
            first = model[0].weight
            if step == 0:
                pass
            elif way == "norm":
                nn.utils.clip_grad_norm_(model.parameters(), 0.1)  # norm
            elif way == "value":
                nn.utils.clip_grad_value_(model.parameters(), 0.1)  # value
            elif way == "by hand":
                first.grad *= 0.1  # by hand
            elif way == "set":
                first.grad = first.grad * 0.1  # set
            else:
                first.grad.data.clamp_(-0.1, 0.1)  # alias
            optimizer.step()
    history = open_run(tmp_path / "run")
    assert [history.read(step).shortened.line for step in (0, 1)] == [0, line_of(way)]


def test_parameters_without_a_gradient_are_counted_by_whether_they_took_part(tmp_path):
    model, x = problem()
    other, _ = problem()
    with watch(tmp_path / "run"):
        optimizer = torch.optim.SGD([*model.parameters(), *other.parameters()], lr=0.1)
        model(x).square().mean().backward()
        model[0].weight.grad = None
        optimizer.step()
    step = open_run(tmp_path / "run").read(0)
    update = step.updates[0]
    assert [step.values[i].name for i in update.idle] == ["0.weight"]
    assert (len(update.parameters), update.strangers) == (3, 4)


def test_calls_that_cut_the_graph_are_noted_with_what_they_took_and_became(tmp_path):
    model, x = problem()
    with watch(tmp_path / "run"):
        hidden = model[1](model[0](x))
        cut = hidden.detach()  # detach
        raw = hidden.data  # data
        chosen = hidden.argmax(1)  # argmax
        hidden.sum().item()  # item
        _ = hidden.shape, hidden.size(0), hidden.dim()
        (model[2](cut).square().mean() + raw.mean() + chosen.float().mean()).backward()
    step = open_run(tmp_path / "run").read(0)
    assert asides(step) == [
        ("Tensor.detach", line_of("detach"), False),
        ("Tensor.data", line_of("data"), False),
        ("Tensor.argmax", line_of("argmax"), False),
        ("Tensor.item", line_of("item"), False),
    ]
    detach = step.asides[0]
    (made,) = [call for call in step.calls if call.name == "torch.tanh"]
    (used,) = [call for call in step.calls if call.name == "F.linear" and call.arguments["input"].kind == "data"][1:]
    assert detach.source == made.output.index
    assert detach.result == used.arguments["input"].index
    chosen = step.asides[2].result  # what was computed of it is what enters
    assert chosen in {value.index for call in step.calls if call.rule == "add" for value in call.values}


@pytest.mark.parametrize("way", ["drawn", "numpy", "sorted", "turned", "together", "by it", "in halves", "along"])
def test_rows_that_were_put_into_another_order_alone_are_known_by_their_line(way, tmp_path):
    model, x = problem()
    y = torch.arange(8.0)
    with watch(tmp_path / "run"):
        if way == "drawn":
            y = y[torch.tensor([1, 0, 3, 2, 5, 4, 7, 6])]  # drawn
        elif way == "numpy":
            y = y[np.arange(8)[::-1].copy()]  # numpy
        elif way == "sorted":
            y = (-y).sort().values  # sorted
        elif way == "turned":
            y = y.roll(1)  # turned
        elif way == "together":
            order = torch.tensor([1, 0, 3, 2, 5, 4, 7, 6])
            x, y = x[order], y[order]
        elif way == "by it":
            y, order = (-y).sort()
            x = x[order]
        elif way == "along":
            x = x.roll(1, 1).flip(-1).sort(1).values
        else:
            x, y = torch.cat([x[:4], x[4:]]), torch.cat([y[:4], y[4:]])
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        F.mse_loss(model(x)[:, 0], y).backward()
        optimizer.step()
    found = [(one.at.line, one.rows, len(one.enters)) for one in open_run(tmp_path / "run").read(0).reordered]
    assert found == ([] if way in ("together", "by it", "in halves", "along") else [(line_of(way), 8, 1)])


def test_rows_of_rows_end_somewhere_although_ids_are_used_again(tmp_path):
    model, x = problem()
    with watch(tmp_path / "run"):
        for _ in range(20):  # each is freed by the next but one, and leaves it its id
            x = x[torch.randperm(8)]
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        model(x).square().mean().backward()
        optimizer.step()
    assert [len(one.enters) for one in open_run(tmp_path / "run").read(0).reordered] == [1]


def test_rows_know_whether_others_were_taken_by_the_same_indices(tmp_path):
    model, x = problem()
    y, weights = torch.randn(2, 8, 2)
    with watch(tmp_path / "run"):
        rows = torch.randint(0, 8, (5,))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        loss = (model(x[rows]) - y[rows]) * weights[torch.randint(0, 8, (5,))]
        loss.square().mean().backward()
        optimizer.step()
    inputs, targets, other = open_run(tmp_path / "run").read(0).parts.values()
    assert inputs.index == targets.index != other.index
    assert -1 not in (inputs.index, other.index)


@pytest.mark.parametrize("kept", [True, False])
def test_noise_is_known_where_the_data_as_they_were_are_still_there(kept, tmp_path):
    model, x = problem()
    with watch(tmp_path / "run"):
        noise = 0.5 * torch.randn_like(x)
        noisy = x + noise  # noise
        clipped = noisy.clamp(-3, 3)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        model(clipped).square().mean().backward()
        if not kept:
            del x
        optimizer.step()
    found = list(open_run(tmp_path / "run").read(0).noises.values())
    if not kept:
        assert not found
        return
    assert [(one.at.line, one.rows) for one in found] == [(line_of("noise"), 8)]
    torch.testing.assert_close(found[0].share, float((clipped - x).std() / x.std()), rtol=1e-5, atol=0)


@pytest.mark.parametrize("way", ["indices", "a slice", "a loader", "moved", "used", "used beside", "other rows"])
def test_data_taken_together_that_nothing_uses_are_known(way, tmp_path):
    model, clean = problem()
    noisy = clean + 0.5 * torch.randn_like(clean)
    with watch(tmp_path / "run"):
        rows = torch.tensor([5, 2, 7, 1])
        if way == "a slice":
            given, wanted = noisy[2:6], clean[2:6]
        elif way == "a loader":
            given, wanted = next(iter(DataLoader(TensorDataset(noisy, clean), batch_size=4)))
        else:
            given, wanted = noisy[rows], clean[rows if way != "other rows" else rows.flip(0)]
        if way == "moved":
            given, wanted = given.double().float(), wanted.float()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        loss = F.mse_loss(model(given) @ torch.ones(2, 3), wanted if way == "used" else given)
        loss.backward()
        if way == "used beside":
            with torch.no_grad():
                F.l1_loss(given, wanted)
        optimizer.step()
    found = [one for one in open_run(tmp_path / "run").read(0).noises.values() if one.beside]
    assert bool(found) == (way in ("indices", "a slice", "a loader", "moved"))
    if found:
        torch.testing.assert_close(found[0].share, float((given - wanted).std() / wanted.std()), rtol=1e-5, atol=0)


@pytest.mark.parametrize("way", ["shares", "before", "finite"])
def test_the_call_that_broke_data_is_known(way, tmp_path):
    model, x = problem()
    counts = torch.ones(8, 3)
    counts[3] = 0
    if way == "before":
        x[0, 0] = torch.nan
    with watch(tmp_path / "run"):
        if way == "shares":
            x = counts / counts.sum(1, keepdim=True)  # shares
        elif way == "before":
            x = x / x.std()
        elif way == "finite":
            x = counts / counts.sum(1, keepdim=True).clamp_min(1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        model(x).square().mean().backward()
        optimizer.step()
    broken = open_run(tmp_path / "run").read(0).broken
    assert (broken and (broken.at.line, broken.count)) == ((line_of("shares"), 3) if way == "shares" else None)


def test_an_optimizer_that_has_made_no_step_is_known_with_what_it_waits_for(tmp_path):
    model, x = problem()
    with watch(tmp_path / "run"):
        first = torch.optim.SGD(model[0].parameters(), lr=0.1)
        second = torch.optim.Adam(model[2].parameters(), lr=0.1)  # rests
        for step in range(4):
            model(x).square().mean().backward()
            first.step()
            if step == 2:
                second.step()
    run = open_run(tmp_path / "run")
    steps = [run.read(index) for index in run.steps]
    found = [[(one.optimizer, one.made.line, len(one.received)) for one in step.resting] for step in steps]
    assert found[0] == [("Adam", line_of("rests"), 2)]
    assert found[-1] == []


@torch.no_grad()  # decorator
def decorated(layer, x):
    return layer(x)


def test_calls_without_gradients_know_what_switched_them_off(tmp_path):
    model, x = problem()
    with watch(tmp_path / "run"):
        with torch.no_grad():  # outer
            first = model[0](x)
            with torch.enable_grad():
                second = model[1](model[0](x))  # on
            with torch.inference_mode():  # inner
                model[0](x)
        third = decorated(model[0], x)
        torch.set_grad_enabled(False)
        fourth = model[0](x)  # not seen
        torch.set_grad_enabled(True)
        cut = second.detach()
        model[2](torch.tanh(first + third + fourth) + cut).square().mean().backward()
    step = open_run(tmp_path / "run").read(0)
    off = {aside.at.line: aside.off for aside in step.asides}
    assert line_of("on") not in off
    lines = {line: at.line for line, at in off.items()}
    assert lines == {
        line_of("outer") + 1: line_of("outer"),
        line_of("inner") + 1: line_of("inner"),
        line_of("decorator") + 2: line_of("decorator"),
        line_of("not seen"): 0,
        line_of("not seen") + 2: 0,
    }
    assert {at.file for at in off.values() if at.line} == {HERE}


def drawn(kind, weight):
    """Draws it, and gives it back."""
    getattr(nn.init, kind)(weight)
    return weight


def test_weights_that_are_not_to_be_trained_know_who_froze_them_and_whether_they_were_ever_trained(tmp_path):
    torch.manual_seed(0)
    body, x = nn.Sequential(nn.Linear(24, 24), nn.Linear(24, 24), nn.Linear(24, 24)), torch.randn(8, 24)
    trained = body[1]
    with torch.no_grad():
        trained.weight.add_(0.1 * torch.eye(24))
    head = nn.Linear(24, 2)
    with watch(tmp_path / "run"):
        optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
        for part in body.parameters():
            part.requires_grad = False  # assigned
        head.bias.requires_grad_(False)  # called
        for _ in range(2):
            head(body(x)).square().mean().backward()
            optimizer.step()
    first, second = (open_run(tmp_path / "run").read(index).frozen for index in (0, 1))
    assert set(first) == set(second) == {f"{i}.{name}" for i in range(3) for name in ("weight", "bias")} | {"bias"}
    assert [first[f"{i}.weight"].drawn for i in range(3)] == [True, False, True]
    assert {name: one.by.line for name, one in first.items() if name != "bias"} == dict.fromkeys(
        set(first) - {"bias"}, line_of("assigned")
    )
    assert first["bias"].by.line == line_of("called")
    assert {one.by.line for one in second.values()} == {0}
    assert {one.at.line for one in second.values()} == {line_of("called") + 2}


@pytest.mark.parametrize(
    "kind", ["xavier_uniform_", "kaiming_uniform_", "xavier_normal_", "kaiming_normal_", "normal_"]
)
def test_the_usual_first_weights_are_known_and_others_are_not(kind):
    torch.manual_seed(0)
    weight = drawn(kind, torch.empty(40, 24))
    assert is_as_drawn(weight)
    assert not is_as_drawn(1.3 * weight)
    assert not is_as_drawn(weight + weight.square() / weight.abs().max())


def test_an_evaluation_that_still_trains_is_noted_and_a_right_one_is_not(tmp_path):
    model, x = problem()
    model.insert(2, nn.Dropout(0.5))
    for training in (True, False):
        with watch(tmp_path / "run", overwrite=True):
            model.train(training)
            with torch.no_grad():
                model(x)
            model.train()
            model(x).square().mean().backward()
        found = open_run(tmp_path / "run").read(0).asides
        assert [aside.name for aside in found if aside.trains] == (["F.dropout"] if training else [])


def test_dropout_in_the_training_pass_is_a_call_like_any_other(tmp_path):
    model, x = problem()
    with watch(tmp_path / "run"):
        F.dropout(model(x), 0.5, True).square().mean().backward()
    assert asides(open_run(tmp_path / "run").read(0)) == []


def test_what_an_exception_left_of_a_step_is_kept_and_is_no_recorded_step(tmp_path):
    model, x = problem()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def train():
        for step in range(3):
            prediction = model(x)
            if step == 2:
                prediction = prediction.detach()  # cut
            optimizer.zero_grad()
            prediction.square().mean().backward()  # raised
            optimizer.step()

    with pytest.raises(RuntimeError, match="does not require grad"), watch(tmp_path / "run"):
        train()
    history = open_run(tmp_path / "run")
    assert history.steps == [0, 1]
    assert len(history.losses) == 2
    left = history.broken_off()
    assert left is not None
    assert not left.backwards
    assert asides(left) == [("Tensor.detach", line_of("cut"), False)]
    error = history.about["error"]
    assert error["type"] == "RuntimeError"
    assert (error["file"], error["line"]) == (HERE, line_of("raised"))
    assert "does not require grad" in error["message"]


def test_a_run_that_ended_well_has_nothing_broken_off_and_no_error(tmp_path):
    model, x = problem()
    with watch(tmp_path / "run"):
        model(x).square().mean().backward()
    history = open_run(tmp_path / "run")
    assert history.broken_off() is None
    assert "error" not in history.about


def test_an_exception_that_cannot_be_printed_is_noted_by_its_type(tmp_path):
    class Odd(Exception):
        def __str__(self):
            raise ValueError("no text")

    with pytest.raises(Odd), watch(tmp_path / "run"):
        raise Odd
    assert json.loads((tmp_path / "run" / "run.json").read_text())["error"]["type"] == "Odd"


class Unhashable(nn.Linear):
    __hash__ = None

    def __eq__(self, other):
        return False


def test_a_layer_of_torchs_knows_where_the_script_made_it(tmp_path):
    first = nn.Linear(3, 4)  # before the watch
    with watch(tmp_path / "run"):
        layers = [
            nn.Tanh(),  # tanh
            nn.Linear(4, 2),  # linear
        ]
        nn.Sequential(first, *layers)(torch.randn(8, 3)).square().mean().backward()
        odd = Unhashable(2, 2)
    made = {call.module: call.made.line for call in open_run(tmp_path / "run").read(0).calls if call.module}
    assert made == {"0": 0, "1": line_of("tanh"), "2": line_of("linear")}
    assert odd(torch.zeros(1, 2)).shape == (1, 2)
    assert not hasattr(nn.Module.__init__, "__wrapped__")
