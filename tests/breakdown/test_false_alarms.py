"""Sound training raises no alarm: not while gradients cancel, vanish, explode, or are NaN."""

from __future__ import annotations

import itertools
import math
import sys

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from nets import watched
from torch import nn

ACTIVATIONS = [nn.Sigmoid, nn.Tanh, nn.ReLU, nn.GELU, nn.SiLU, nn.ELU, nn.Softplus, nn.LeakyReLU, nn.LayerNorm]
OPTIMIZERS = {
    "SGD": lambda p, lr: torch.optim.SGD(p, lr=lr),
    "momentum": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9, weight_decay=1e-3),
    "nesterov": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.5, nesterov=True),
    "Adam": lambda p, lr: torch.optim.Adam(p, lr=lr / 10, amsgrad=True),
    "AdamW": lambda p, lr: torch.optim.AdamW(p, lr=lr / 10),
    "RMSprop": lambda p, lr: torch.optim.RMSprop(p, lr=lr / 10, momentum=0.2),
    "Adagrad": lambda p, lr: torch.optim.Adagrad(p, lr=lr),
    "NAdam": lambda p, lr: torch.optim.NAdam(p, lr=lr / 10),  # no rule of ours
}
LOSSES = {
    "mse": lambda out, y: F.mse_loss(out, y),
    "mean of squares": lambda out, y: ((out - y) ** 2).mean(),
    "l1": lambda out, y: F.l1_loss(out, y),
    "smooth l1": lambda out, y: F.smooth_l1_loss(out, y),
    "bce": lambda out, y: F.binary_cross_entropy(torch.sigmoid(out), torch.sigmoid(y)),
    "bce logits": lambda out, y: F.binary_cross_entropy_with_logits(out, torch.sigmoid(y)),
    "cross entropy": lambda out, y: F.cross_entropy(out, y.argmax(1)),
    "kl": lambda out, y: F.kl_div(F.log_softmax(out, 1), torch.softmax(y, 1), reduction="batchmean"),
}


def mlp(widths, activation, dtype):
    layers = []
    for before, after in itertools.pairwise(widths):
        layers += [nn.Linear(before, after), nn.LayerNorm(after) if activation is nn.LayerNorm else activation()]
    return nn.Sequential(*layers[:-1]).to(dtype)


def descend(model, loss, optimizer, steps):
    def train():
        for _ in range(steps):
            optimizer.zero_grad()
            loss().backward()
            optimizer.step()

    return watched(train)


random_training = given(
    seed=st.integers(0, 10**6),
    widths=st.lists(st.integers(1, 9), min_size=2, max_size=5),
    batch=st.integers(1, 17),
    activation=st.sampled_from(ACTIVATIONS),
    loss=st.sampled_from(sorted(LOSSES)),
    optimizer=st.sampled_from(sorted(OPTIMIZERS)),
    lr=st.sampled_from([0.01, 0.3, 3.0]),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    scale=st.sampled_from([1.0, 1e-4, 1e3]),
)


@settings(max_examples=8, deadline=None, derandomize=True, database=None)
@random_training
def test_no_net_raises_an_alarm_in_150_steps(**drawn):
    raises_no_alarm(**drawn)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@random_training
def test_none_of_many_nets_raises_an_alarm(**drawn):
    raises_no_alarm(**drawn)


def raises_no_alarm(seed, widths, batch, activation, loss, optimizer, lr, dtype, scale):
    torch.manual_seed(seed)
    model = mlp(widths, activation, dtype)
    x, y = scale * torch.randn(batch, widths[0], dtype=dtype), torch.randn(batch, widths[-1], dtype=dtype)
    made = OPTIMIZERS[optimizer](model.parameters(), lr)
    verdicts = descend(model, lambda: LOSSES[loss](model(x), y), made, 150)
    assert len(verdicts.agreements) == 150
    assert not verdicts.errors, verdicts.errors[:3]
    assert not verdicts.problems, verdicts.problems[:3]


def test_the_slope_of_a_loss_beyond_the_largest_number_raises_no_alarm():
    """2(x − t) overflows for x = 2e38, (2/N)(x − t) does not: as PyTorch, N divides the factor."""
    x = torch.tensor([2e38, 1.0, -1.0, 0.5], requires_grad=True)
    verdicts = descend(nn.Identity(), lambda: F.mse_loss(x, torch.zeros(4)), torch.optim.SGD([x], lr=1e-3), 2)
    assert x.grad.isfinite().all()
    assert not verdicts.errors, verdicts.errors


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("seed", range(6))
def test_the_plateau_of_xor_where_gradients_cancel_raises_no_alarm(seed, dtype):
    """One linear layer cannot learn XOR: at the plateau the samples' shares cancel to rounding noise."""
    torch.manual_seed(seed)
    x = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=dtype)
    y = torch.tensor([[0], [1], [1], [0]], dtype=dtype)
    hidden = [nn.Linear(2, 2), nn.Sigmoid()] if seed % 2 else []
    model = nn.Sequential(*hidden, nn.Linear(2, 1), nn.Sigmoid()).to(dtype)
    optimizer = torch.optim.SGD(model.parameters(), lr=10.0)
    for _ in range(1500):  # unwatched, to the plateau
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        optimizer.step()
    verdicts = descend(model, lambda: F.mse_loss(model(x), y), optimizer, 150)
    assert not verdicts.errors, verdicts.errors[:3]
    assert not verdicts.problems


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("where", ["data", "target", "weight"])
def test_nan_and_infinity_are_followed_as_autograd_follows_them(where, bad):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 2))
    x, y = torch.randn(5, 3), torch.randn(5, 2)
    with torch.no_grad():
        {"data": x, "target": y, "weight": model[2].weight}[where][1, 1] = bad
    optimizer = torch.optim.Adam(model.parameters())
    verdicts = descend(model, lambda: F.mse_loss(model(x), y), optimizer, 3)
    assert len(verdicts.agreements) == 3
    assert not verdicts.errors, verdicts.errors[:3]
    assert not verdicts.problems


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_a_loss_that_explodes_raises_no_alarm(loss):
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 3))
    x, y = torch.randn(8, 3), torch.randn(8, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e6, momentum=0.9)
    verdicts = descend(model, lambda: LOSSES[loss](model(x), y), optimizer, 30)
    assert not verdicts.errors, verdicts.errors[:3]
    assert not verdicts.problems


@pytest.mark.parametrize("scale", [1e-30, 1e-42, 1e30])
def test_gradients_at_the_ends_of_float32_raise_no_alarm(scale):
    """Subnormal numbers have fewer digits than the roundoff says."""
    torch.manual_seed(2)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    x, y = torch.randn(6, 3), torch.randn(6, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    verdicts = descend(model, lambda: F.mse_loss(model(x), y) * scale, optimizer, 10)
    assert not verdicts.errors, verdicts.errors[:3]


def test_empty_batches_and_zero_gradients_raise_no_alarm():
    model = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    verdicts = descend(model, lambda: model(torch.zeros(0, 3)).sum() + 0 * model.weight.sum(), optimizer, 2)
    assert not verdicts.errors
    assert not verdicts.problems


def test_the_watch_of_this_file_can_raise_an_alarm(monkeypatch):
    """The checker, seen to fail: a tolerance of nothing."""
    monkeypatch.setattr(sys.modules["chainrule.breakdown.verify"], "FUNCTION", 0.0)
    monkeypatch.setattr(sys.modules["chainrule.breakdown.verify"], "LAMBDA", 0.0)
    torch.manual_seed(0)
    model = mlp([9, 9, 9, 2], nn.GELU, torch.float32)
    x, y = torch.randn(17, 9), torch.randn(17, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    assert descend(model, lambda: F.mse_loss(model(x), y), optimizer, 20).errors
