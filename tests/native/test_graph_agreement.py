"""Native training leaves weights, losses and random state as PyTorch's own loop would, up to rounding.

Tolerance: a step's gradient is a sum of at most TERMS products (samples × the widest layer), each rounded once, so
that one step can move a weight by TERMS·eps of the numbers' size, here about 1; the next step starts from there, and
with the small learning rates here errors of T steps add: T·TERMS·eps. Where a training diverges it would not hold, and
none of these does.
"""

from __future__ import annotations

import math

import pytest
import torch
from graph_models import LOSSES, MODELS, OPTIMIZERS, SAMPLES, data
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import chainrule

TERMS = SAMPLES * 12
RATES = {"log softmax": 0.01}  # others would diverge


@pytest.fixture(autouse=True)
def one_thread():
    """Threads that wait for each other take 10 times as long where the processors are busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def eager(
    net, loss_fn, optimizer, X, y, epochs, batch_size=None, shuffle=False, generator=None, scheduler=None, strict=False
):
    """The loop that everyone writes."""
    loader = None if batch_size is None else DataLoader(TensorDataset(X, y), batch_size, shuffle, generator=generator)
    losses = []
    for _ in range(epochs):
        for xs, ys in [(X, y)] if loader is None else loader:
            optimizer.zero_grad()
            loss = loss_fn(net(xs), ys)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        if scheduler is not None:
            scheduler.step()
    return losses


def both(model, loss, optimizer, dtype, epochs, schedule=None, seeded=False, trained=("native", "eager"), **how):
    """[(losses, weights, optimizer's state, random state, lr)] of native and eager training, and the run."""
    X, y = data(model, loss, dtype)
    found = []
    run = None
    for kind in trained:
        torch.manual_seed(3)
        net = MODELS[model]().to(dtype)
        if kind == "nudged":
            with torch.no_grad():
                for p in net.parameters():
                    p *= 1 + TERMS * torch.finfo(dtype).eps
        made = OPTIMIZERS[optimizer](net.parameters())
        for group in made.param_groups:
            group["lr"] = RATES.get(model, group["lr"])
        scheduler = None if schedule is None else torch.optim.lr_scheduler.LambdaLR(made, schedule)
        generator = torch.Generator().manual_seed(9) if seeded else None
        torch.manual_seed(4)
        if kind == "native":
            run = chainrule.train(
                net, LOSSES[loss](), made, X, y, epochs, steps=[], scheduler=scheduler, generator=generator, **how
            )
            losses = run.losses
        else:
            losses = eager(net, LOSSES[loss](), made, X, y, epochs, scheduler=scheduler, generator=generator, **how)
        state = [dict(sorted(made.state[p].items())) for p in net.parameters()]
        drawn = torch.get_rng_state(), None if generator is None else generator.get_state().tolist()
        weights = [p.detach().clone() for p in net.parameters()]
        found.append((losses, weights, state, drawn, made.param_groups[0]["lr"]))
    return found, run


def agree(model, loss, optimizer, dtype, epochs, measured=False, **how):
    (ours, theirs), run = both(model, loss, optimizer, dtype, epochs, **how)
    assert run.native.startswith("natively"), run.native
    steps = len(theirs[0])
    allowed = steps * TERMS * torch.finfo(dtype).eps
    if measured:
        ((_, nudged, *_),), _ = both(model, loss, optimizer, dtype, epochs, trained=["nudged"], **how)
        allowed += max(float((a - b).abs().max()) for a, b in zip(theirs[1], nudged, strict=True))
    assert len(ours[0]) == steps
    worst = max(abs(a - b) / max(1.0, abs(b)) for a, b in zip(ours[0], theirs[0], strict=True))
    assert worst <= allowed
    for a, b in zip(ours[1], theirs[1], strict=True):
        assert float((a - b).abs().max()) <= allowed * max(1.0, float(b.abs().max()))
    for a, b in zip(ours[2], theirs[2], strict=True):
        assert a.keys() == b.keys()
        for name in a:
            assert a[name] is b[name] or a[name].dtype == b[name].dtype
            assert a[name] is b[name] or float((a[name] - b[name]).abs().max()) <= allowed * max(
                1.0, float(b[name].abs().max())
            )
    assert torch.equal(ours[3][0], theirs[3][0])
    assert ours[3][1] == theirs[3][1]
    assert ours[4] == theirs[4]
    return worst


@pytest.mark.parametrize("model", MODELS)
def test_every_model(model):
    agree(model, "mse", "sgd", torch.float64, 10)


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss(loss):
    agree("tanh", loss, "adam", torch.float64, 10)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_in_the_order_of_a_data_loader(optimizer):
    """24 samples in batches of 10: the last batch of an epoch has 4."""
    agree("relu", "cross entropy", optimizer, torch.float64, 10, batch_size=10, shuffle=True)


@pytest.mark.parametrize("model", ["tanh", "dropout", "words", "image", "image, channels dropped", "tied"])
@pytest.mark.parametrize(
    "how", [{"batch_size": 8}, {"batch_size": 23}, {"batch_size": 7, "shuffle": True, "seeded": True}]
)
def test_mini_batches_in_float32(model, how):
    agree(model, "cross entropy", "adam", torch.float32, 5, **how)


def test_a_schedule_of_learning_rates():
    agree("tanh", "mse", "momentum", torch.float64, 12, schedule=lambda epoch: 0.9**epoch, batch_size=9)
    agree("tanh", "mse", "adam", torch.float64, 12, schedule=lambda epoch: 1 / (1 + epoch))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("model", "loss", "optimizer"), [("tanh", "mse", "momentum"), ("layer norm", "cross entropy", "adamw")]
)
def test_a_thousand_steps(model, loss, optimizer, dtype):
    """Adam's steps do not shrink with the gradient: what PyTorch itself makes of rounding is measured and added, by
    starting it from weights that are TERMS·eps larger."""
    agree(model, loss, optimizer, dtype, 1000, measured=True)


@pytest.mark.parametrize("model", ["tanh", "layer norm", "image"])
def test_strict(model):
    agree(model, "cross entropy", "adam", torch.float32, 20, strict=True)


def test_parameter_groups_with_settings_of_their_own():
    X, y = data("tanh", "mse", torch.float64)
    weights = []
    for native in (True, False):
        torch.manual_seed(3)
        net = MODELS["tanh"]().double()
        groups = [{"params": net[0].parameters(), "lr": 0.2}, {"params": net[2].parameters(), "momentum": 0.5}]
        made = torch.optim.SGD(groups, lr=0.05)
        if native:
            run = chainrule.train(net, LOSSES["mse"](), made, X, y, 20, steps=[])
            assert run.native.startswith("natively"), run.native
        else:
            eager(net, LOSSES["mse"](), made, X, y, 20)
        weights.append([p.detach() for p in net.parameters()])
    for a, b in zip(*weights, strict=True):
        assert float((a - b).abs().max()) <= 20 * TERMS * torch.finfo(torch.float64).eps


class WithFactor(nn.Module):
    """A loss with a parameter of its own."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(0.5, dtype=torch.float64))

    def forward(self, out, y):
        return ((out - y) ** 2).mean() * self.factor.exp() - 0.1 * self.factor


def frozen():
    net = MODELS["tanh"]().double()
    net[0].requires_grad_(False)
    return net, LOSSES["mse"](), net[2].parameters()


def of_the_loss():
    net, loss = MODELS["tanh"]().double(), WithFactor()
    return net, loss, [*net.parameters(), *loss.parameters()]


def left_out():
    """A parameter that takes part, and that the optimizer does not have."""
    net = MODELS["tanh"]().double()
    return net, LOSSES["mse"](), net[0].parameters()


def no_module():
    weight = torch.linspace(-1, 1, 18, dtype=torch.float64).reshape(6, 3).requires_grad_()
    bias = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    return lambda x: torch.tanh(x) @ weight + bias, LOSSES["mse"](), [weight, bias]


@pytest.mark.parametrize("parts", [frozen, of_the_loss, left_out, no_module])
def test_parameters_of_other_kinds(parts):
    X, y = data("tanh", "mse", torch.float64)
    weights = []
    for native in (True, False):
        torch.manual_seed(3)
        net, loss_fn, parameters = parts()
        parameters = list(parameters)
        made = torch.optim.SGD(parameters, lr=0.1, momentum=0.5)
        if native:
            run = chainrule.train(net, loss_fn, made, X, y, 20, steps=[])
            assert run.native.startswith("natively"), run.native
        else:
            eager(net, loss_fn, made, X, y, 20)
        everything = parameters + (list(net.parameters()) if isinstance(net, nn.Module) else [])
        weights.append([p.detach() for p in everything])
    for a, b in zip(*weights, strict=True):
        assert float((a - b).abs().max()) <= 20 * TERMS * torch.finfo(torch.float64).eps


def test_several_inputs_go_to_the_model_one_by_one():
    X, y = data("tanh", "mse", torch.float64)
    words, _ = data("words", "mse", torch.float64)

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.head = nn.Embedding(5, 2), nn.Linear(12, 3)

        def forward(self, numbers, words):
            return self.head(torch.cat([numbers, self.table(words).flatten(1)], dim=1))

    weights = []
    for native in (True, False):
        torch.manual_seed(3)
        net = Two().double()
        made = torch.optim.Adam(net.parameters(), lr=0.01)
        torch.manual_seed(4)
        if native:
            run = chainrule.train(net, LOSSES["mse"](), made, (X, words), y, 5, 10, True, steps=[])
            assert run.native.startswith("natively"), run.native
        else:
            for _ in range(5):
                for numbers, ws, ys in DataLoader(TensorDataset(X, words, y), 10, True):
                    made.zero_grad()
                    LOSSES["mse"]()(net(numbers, ws), ys).backward()
                    made.step()
        weights.append([p.detach() for p in net.parameters()])
    for a, b in zip(*weights, strict=True):
        assert float((a - b).abs().max()) <= 15 * TERMS * torch.finfo(torch.float64).eps


def test_an_optimizer_that_has_trained_before_goes_on():
    X, y = data("tanh", "mse", torch.float64)
    weights = []
    for native in (True, False):
        torch.manual_seed(3)
        net = MODELS["tanh"]().double()
        made = torch.optim.Adam(net.parameters(), lr=0.01)
        eager(net, LOSSES["mse"](), made, X, y, 5)
        if native:
            chainrule.train(net, LOSSES["mse"](), made, X, y, 5, steps=[])
        else:
            eager(net, LOSSES["mse"](), made, X, y, 5)
        eager(net, LOSSES["mse"](), made, X, y, 5)
        assert {int(state["step"]) for state in made.state.values()} == {15}
        weights.append([p.detach() for p in net.parameters()])
    for a, b in zip(*weights, strict=True):
        assert float((a - b).abs().max()) <= 15 * TERMS * torch.finfo(torch.float64).eps


def test_randperm_alone_orders_the_epochs():
    X, y = data("tanh", "mse", torch.float64)
    weights = []
    for native in (True, False):
        torch.manual_seed(3)
        net = MODELS["tanh"]().double()
        made = torch.optim.SGD(net.parameters(), lr=0.1)
        if native:
            chainrule.train(net, LOSSES["mse"](), made, X, y, 3, batch_size=8, shuffle="randperm", steps=[])
        else:
            for _ in range(3):
                order = torch.randperm(SAMPLES)
                for start in range(0, SAMPLES, 8):
                    eager(net, LOSSES["mse"](), made, X[order[start : start + 8]], y[order[start : start + 8]], 1)
        weights.append([p.detach() for p in net.parameters()])
        drawn = torch.rand(1)
    assert drawn.numel() == 1
    for a, b in zip(*weights, strict=True):
        assert float((a - b).abs().max()) <= 9 * TERMS * torch.finfo(torch.float64).eps


def test_a_wrong_update_would_be_seen():
    """The comparison itself, seen to fail: another learning rate, by one part in a million."""
    (ours, theirs), _ = both("tanh", "mse", "sgd", torch.float64, 10, schedule=lambda epoch: 1 + 1e-6)
    (plain, _), _ = both("tanh", "mse", "sgd", torch.float64, 10)
    allowed = 10 * TERMS * torch.finfo(torch.float64).eps
    assert max(float((a - b).abs().max()) for a, b in zip(ours[1], plain[1], strict=True)) > allowed
    assert max(float((a - b).abs().max()) for a, b in zip(ours[1], theirs[1], strict=True)) <= allowed
    assert not math.isnan(ours[0][-1])
