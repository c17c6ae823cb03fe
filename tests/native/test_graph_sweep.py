"""A sweep trains every network as PyTorch would have trained it alone."""

from __future__ import annotations

import pickle
import re
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from io import StringIO
from multiprocessing import get_context

import numpy as np
import pytest
import torch
from rich.console import Console
from torch import nn

import chainrule
from chainrule.cli import main
from chainrule.errors import BadOption
from chainrule.show.sweep import SweepReport, SweepRow
from chainrule.training import sweeping
from chainrule.training.xor import SOLVED, X, Y, xor_sweep

XOR = torch.tensor(X), torch.tensor(Y)
OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=1.0),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.3, momentum=0.9, nesterov=True, weight_decay=1e-4),
    "adam": lambda p: torch.optim.Adam(p, lr=0.02),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.1, initial_accumulator_value=0.1),
}


def model():
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1), nn.Sigmoid()).double()


def alone(seed, optimizer, epochs):
    torch.manual_seed(seed)
    net = model()
    made = optimizer(net.parameters())
    losses = []
    for _ in range(epochs):
        made.zero_grad()
        loss = nn.MSELoss()(net(XOR[0].double()), XOR[1].double())
        loss.backward()
        made.step()
        losses.append(loss.item())
    return net, losses


def swept(optimizer="sgd", seeds=5, epochs=100, **how):
    return sweeping.sweep(
        model, nn.MSELoss(), OPTIMIZERS[optimizer], XOR[0].double(), XOR[1].double(), seeds, epochs, **how
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_network_is_the_one_that_pytorch_trains_alone(optimizer):
    """In float64; 100 steps of 4 samples and at most 4 terms, each rounded, of numbers of size 1 to 10."""
    random = torch.get_rng_state()
    found = swept(optimizer, seeds=[3, 11, 0], steps=[0, 50])
    assert torch.equal(random, torch.get_rng_state())
    assert found.by == "swarm"
    assert found.steps == (0, 50, 99)
    allowed = 100 * 16 * 10 * np.finfo(np.float64).eps
    for place, seed in enumerate([3, 11, 0]):
        net, losses = alone(seed, OPTIMIZERS[optimizer], 100)
        assert np.allclose(found.losses[:, place], [losses[step] for step in found.steps], rtol=0, atol=allowed)
        for a, b in zip(found.network(place).parameters(), net.parameters(), strict=True):
            assert float((a - b).detach().abs().max()) <= allowed


class Pickling(Executor):
    """Sends everything through pickle, as another process or machine would get it, and counts."""

    def __init__(self):
        self.tasks = 0

    def submit(self, function, /, *args, **kwargs):
        self.tasks += 1
        function, args = pickle.loads(pickle.dumps((function, args)))
        future = Future()
        future.set_result(pickle.loads(pickle.dumps(function(*args, **kwargs))))
        return future


def test_results_do_not_depend_on_the_blocks_or_the_executor(monkeypatch):
    whole = swept(seeds=70)
    monkeypatch.setattr(sweeping, "BLOCK", 16)
    executor = Pickling()
    parts = swept(seeds=70, executor=executor)
    assert executor.tasks == 5
    assert np.array_equal(whole.losses, parts.losses)
    assert all(np.array_equal(whole.weights[name], parts.weights[name]) for name in whole.weights)


@pytest.mark.slow
def test_results_do_not_depend_on_the_number_of_processes(monkeypatch):
    monkeypatch.setattr(sweeping, "BLOCK", 8)
    whole = swept(seeds=40)
    for workers in (1, 2):
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as processes:
            parts = swept(seeds=40, executor=processes)
        assert np.array_equal(whole.losses, parts.losses)


def test_what_has_no_native_form_is_trained_by_pytorch():
    def odd():
        return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Tanh(), nn.Linear(3, 1)).double()

    found = sweeping.sweep(odd, nn.MSELoss(), OPTIMIZERS["sgd"], XOR[0].double(), XOR[1].double(), 2, 5)
    assert found.by.startswith("PyTorch: F.batch_norm")
    assert found.losses.shape == (5, 2)
    dampened = sweeping.sweep(
        model,
        nn.MSELoss(),
        lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, dampening=0.5),
        XOR[0].double(),
        XOR[1].double(),
        2,
        5,
    )
    assert "dampening" in dampened.by
    _, losses = alone(1, lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, dampening=0.5), 5)
    assert dampened.losses[-1, 1] == losses[-1]


def test_a_step_that_is_compiled_wrongly_is_found_out(monkeypatch):
    right = sweeping.train_block

    def wrong(block):
        losses, weights = right(block)
        return losses * 1.001, weights

    monkeypatch.setattr(sweeping, "train_block", wrong)
    assert "differs from NumPy's" in swept(seeds=2, epochs=3).by


def test_the_more_hidden_units_the_more_networks_learn_xor():
    solved = []
    for hidden in (2, 8):
        found = xor_sweep(hidden, 200, 3000, 1.0)
        ended = found.solved(SOLVED)
        solved.append(int(ended.sum()))
        for place in (int(np.argmax(ended)), int(np.argmin(ended))):
            right = (found.network(place)(XOR[0]) > 0.5) == (XOR[1] > 0.5)
            assert bool(right.all()) == bool(ended[place])
        assert sum(count for _, count in found.stuck(SOLVED)) == len(found) - solved[-1]
    assert solved[0] < solved[1] == 200
    assert abs(xor_sweep(2, 200, 3000, 1.0).stuck(SOLVED)[0][0] - 0.125) < 0.01  # two outputs at 1/2: 2·(1/2)²/4


def test_wrong_options_are_named():
    with pytest.raises(BadOption, match="seeds"):
        swept(seeds=0)
    with pytest.raises(BadOption, match="steps"):
        swept(steps=[200])
    with pytest.raises(BadOption, match="epochs"):
        swept(epochs=0)


def test_the_command_prints_the_picture(capsys):
    assert main(["sweep", "--networks", "50", "--hidden", "2,3", "--epochs", "400"]) == 0
    printed = capsys.readouterr().out
    assert "2 hidden" in printed
    assert "3 hidden" in printed
    assert "of 50 learn it" in printed


def test_the_picture():
    console = Console(width=88, record=True, color_system=None, file=StringIO())
    rows = [SweepRow(2, 100, 50, [(0.125, 30), (0.25, 15), (0.1667, 3), (0.2, 2)]), SweepRow(8, 100, 100, [])]
    console.print(SweepReport("XOR", rows))
    assert [line.strip() for line in console.export_text().splitlines() if line.strip()] == [
        "XOR",
        "2 hidden  ████████████████████····················  50 of 100 learn it",
        "30 end at a loss of 0.125",
        "15 end at a loss of 0.250",
        "3 end at a loss of 0.167",
        "2 elsewhere",
        "8 hidden  ████████████████████████████████████████  100 of 100 learn it",
    ]


def test_it_is_offered_at_the_top():
    assert chainrule.sweep is sweeping.sweep
    assert chainrule.Sweep is sweeping.Sweep


def by_seed(*choices):
    """The choice of the seed that was set last."""
    return choices[torch.initial_seed() % len(choices)]


class Scaled(nn.Module):
    """What `scale` gives is an attribute, no parameter."""

    def __init__(self, scale):
        super().__init__()
        self.line, self.scale = nn.Linear(2, 1), scale()

    def forward(self, x):
        return self.line(x) * (self.scale(x).sum(1, keepdim=True) if callable(self.scale) else self.scale)


class Apart:
    """An object that does not say when it equals another."""

    def __call__(self, x):
        return x.abs()


def half_frozen():
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    net[0].requires_grad_(False)
    return net


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=0.1)


@pytest.mark.parametrize(
    ("model", "optimizer"),
    [
        (
            lambda: nn.Sequential(nn.Linear(2, 3), by_seed(nn.Tanh(), nn.ReLU()), nn.Linear(3, 1)),
            lambda p: torch.optim.SGD(p, lr=0.1),
        ),
        (lambda: nn.Sequential(nn.Linear(2, 1)), lambda p: torch.optim.SGD(p, lr=by_seed(0.1, 0.5))),
        (half_frozen, sgd),
        (lambda: nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)), lambda p: sgd(list(p)[2:])),
        (lambda: nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)), lambda p: sgd(list(p)[:: by_seed(1, 2)])),
        (lambda: Scaled(lambda: by_seed(1.0, 3.0)), sgd),
        (lambda: Scaled(lambda: torch.rand(1)), sgd),
        (lambda: Scaled(lambda: by_seed(torch.sin, torch.cos)), sgd),
        (lambda: Scaled(lambda: [by_seed(torch.sin, torch.cos)][0]), sgd),
        (lambda: Scaled(lambda: (lambda factor: lambda x: factor * x)(by_seed(1, 2))), sgd),
        (lambda: Scaled(Apart), sgd),
    ],
    ids=[
        *("structure", "settings", "frozen", "left out", "parameters", "attribute", "drawn", "function", "listed"),
        *("closure", "object"),
    ],
)
def test_networks_that_differ_in_more_than_their_weights_are_trained_one_by_one(model, optimizer):
    x, y = torch.randn(8, 2), torch.randn(8, 1)
    found = chainrule.sweep(model, nn.MSELoss(), optimizer, x, y, seeds=4, epochs=20)
    assert re.search("of seed 1 is another than|is another each time", found.by)
    for seed in range(4):
        torch.manual_seed(seed)
        net = model()
        steps = optimizer(net.parameters())
        for _ in range(20):
            steps.zero_grad()
            loss = nn.functional.mse_loss(net(x), y)
            loss.backward()
            steps.step()
        assert found.losses[-1, seed] == loss.item()
        ended = found.network(seed).state_dict()
        assert all(torch.equal(part, ended[name]) for name, part in net.state_dict().items())


def test_networks_are_alike_though_each_makes_its_own_objects():
    def model():
        return Scaled(lambda: {"a": [lambda x: x + 1, torch.ones(2), torch.Generator()]}["a"][0])

    x, y = torch.randn(8, 2), torch.randn(8, 1)
    assert chainrule.sweep(model, nn.MSELoss(), sgd, x, y, seeds=4, epochs=3).by == "swarm"


def test_a_network_of_the_sweep_has_the_structure_and_buffers_of_its_seed():
    def model():
        return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), by_seed(nn.Tanh(), nn.ReLU()), nn.Linear(3, 1))

    x, y = torch.randn(8, 2), torch.randn(8, 1)
    before = torch.get_rng_state()
    found = chainrule.sweep(model, nn.MSELoss(), sgd, x, y, seeds=[3, 6], epochs=5)
    one, other = found.network(0), found.network(1)
    assert torch.equal(torch.get_rng_state(), before)
    assert (type(one[2]), type(other[2])) == (nn.ReLU, nn.Tanh)
    assert one[1].num_batches_tracked == 5
    assert not torch.equal(one[1].running_mean, other[1].running_mean)


def test_networks_of_different_shapes_are_refused_in_words():
    x, y = torch.randn(8, 2), torch.randn(8, 1)
    with pytest.raises(BadOption, match="of another shape for seed 1"):
        chainrule.sweep(
            lambda: nn.Sequential(nn.Linear(2, by_seed(3, 4)), nn.Linear(by_seed(3, 4), 1)),
            nn.MSELoss(),
            lambda p: torch.optim.SGD(p, lr=0.1),
            x,
            y,
            seeds=3,
            epochs=3,
        )
