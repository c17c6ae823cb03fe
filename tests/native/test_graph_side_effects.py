"""What a forward pass does besides computing: it trains in PyTorch then, exactly as a plain loop would."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import chainrule
from chainrule.errors import BadOption

X = torch.linspace(-1, 1, 48).reshape(12, 4)
Y = X[:, :1] ** 2


class Net(nn.Module):
    def __init__(self, act):
        super().__init__()
        self.first, self.last, self.act = nn.Linear(4, 3), nn.Linear(3, 1), act
        self.count, self.average = 0, torch.zeros(3)
        self.generator = torch.Generator().manual_seed(5)

    def forward(self, x):
        return self.last(self.act(self, torch.tanh(self.first(x)), x))


class Shrinks(Net):
    def forward(self, x):
        return super().forward(x.mul_(0.9))


def noise(net, hidden, x):
    return hidden + 0.1 * torch.randn(3)


def one_number(net, hidden, x):
    return hidden * torch.rand(1)


def own_noise(net, hidden, x):
    return hidden + 0.1 * torch.randn(3, generator=net.generator)


def python_noise(net, hidden, x):
    return hidden * random.random() + float(np.random.rand())


def counts(net, hidden, x):
    net.count += 1
    return hidden * (1 + 0.1 * net.count)


def averages(net, hidden, x):
    net.average = 0.9 * net.average + 0.1 * hidden.detach().mean(0)
    return hidden - net.average


def averages_in_place(net, hidden, x):
    net.average.mul_(0.9).add_(hidden.detach().mean(0), alpha=0.1)
    return hidden - net.average


def noisy_target(prediction, target):
    return F.mse_loss(prediction, target + 0.1 * torch.randn(1, 1))


def plain(net, hidden, x):
    return hidden


def shrinks(net, hidden, x):
    """In Shrinks, which writes to its input."""
    return hidden


def trained(act, loss_fn, natively):
    """Losses, weights and random numbers after it, from the same beginning."""
    torch.manual_seed(3)
    random.seed(3)
    np.random.seed(3)
    net, x = (Shrinks if act is shrinks else Net)(act), X.clone()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    if natively:
        run = chainrule.train(net, loss_fn, optimizer, x, Y, 6)
        by, losses = run.native, list(run.losses)
    else:
        by, losses = "", []
        for _ in range(6):
            optimizer.zero_grad()
            loss = loss_fn(net(x), Y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    after = [random.random(), float(np.random.rand()), float(torch.rand(())), net.count]
    return by, losses, [p.detach().clone() for p in net.parameters()], after


@pytest.mark.parametrize(
    ("act", "loss_fn"),
    [
        (noise, F.mse_loss),
        (one_number, F.mse_loss),
        (own_noise, F.mse_loss),
        (python_noise, F.mse_loss),
        (counts, F.mse_loss),
        (averages, F.mse_loss),
        (averages_in_place, F.mse_loss),
        (shrinks, F.mse_loss),
        (plain, noisy_target),
    ],
    ids=lambda part: part.__name__,
)
def test_it_is_noticed_and_pytorch_trains_to_the_bit(act, loss_fn):
    _, losses, weights, after = trained(act, loss_fn, natively=False)
    by, ours, our_weights, our_after = trained(act, loss_fn, natively=True)
    assert by.startswith("in PyTorch: ")
    assert ours == losses
    assert all(map(torch.equal, our_weights, weights))
    assert our_after == after


def test_without_it_the_same_net_is_trained_natively():
    pytest.importorskip("llvmlite")
    by, *_ = trained(plain, F.mse_loss, natively=True)
    assert by.startswith("natively")


def test_lazy_parameters_are_refused_in_words():
    net = nn.Sequential(nn.LazyLinear(3), nn.Linear(3, 1))
    with pytest.raises(BadOption, match="lazy parameters"):
        chainrule.train(net, F.mse_loss, torch.optim.SGD(net.parameters(), lr=0.1), X, Y, 2)
