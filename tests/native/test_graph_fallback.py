"""What has no native form trains in PyTorch under the same call, to the bit, and the run says which function."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import chainrule
from chainrule.native.forms import table
from chainrule.training import loop
from chainrule.watching import recorder

HERE = __file__
X = torch.randn(16, 6, generator=torch.Generator().manual_seed(1))
Y = torch.randn(16, 3, generator=torch.Generator().manual_seed(2))


class Body(nn.Module):
    """A net with something between its two layers."""

    def __init__(self, between, outputs=3):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second, self.between = nn.Linear(6, 8), nn.Linear(8, outputs), between
        self.norm = nn.BatchNorm1d(8)
        self.calls = 0

    def forward(self, x):
        return self.second(self.between(self, torch.tanh(self.first(x))))


def on_a_number(net, z):
    return z * 2 if z.sum() > 0 else z


def on_an_item(net, z):
    return z * z.abs().max().item()


def on_pythons_random_numbers(net, z):
    return z * random.choice([1.0, 2.0])


def on_numpys_random_numbers(net, z):
    return z * float(np.random.rand())


def on_torchs_random_numbers(net, z):
    return z + 0.01 * torch.randn(z.shape)


def on_the_size_of_the_batch(net, z):
    return z * 2 if len(z) > 6 else z


def on_the_call(net, z):
    net.calls += 1
    return z * (2.0 if net.calls % 2 else 1.0)


def batch_norm(net, z):
    return net.norm(z)


def samples_that_meet(net, z):
    return z - z.mean(dim=0)


def a_product_of_batches(net, z):
    return (z @ z.T) @ z


def a_function_without_a_form(net, z):
    return torch.cumsum(z, 1)


def samples_in_another_order(net, z):
    return z.flip(0)


def one_sample_alone(net, z):
    return z * z[0]


def numbers_without_grad(net, z):
    return z * z.detach().sigmoid()


def weights_without_grad(net, z):
    return z * net.second.weight.detach()[0]


def the_size_of_the_weights(net, z):
    return z / net.second.weight.data.abs().max()


def a_factor_under_no_grad(net, z):
    with torch.no_grad():
        factor = torch.sigmoid(net.first.bias)
    return z * factor


FUNCTIONS = [
    (weights_without_grad, "Tensor.mul"),
    (the_size_of_the_weights, "Tensor.div"),
    (a_factor_under_no_grad, "Tensor.mul"),
    (on_a_number, "Tensor.__bool__"),
    (on_an_item, "Tensor.item"),
    (on_pythons_random_numbers, ""),
    (on_numpys_random_numbers, ""),
    (on_torchs_random_numbers, ""),
    (on_the_size_of_the_batch, ""),
    (on_the_call, ""),
    (batch_norm, ""),
    (a_product_of_batches, "Tensor.T"),
    (a_function_without_a_form, "torch.cumsum"),
    (samples_in_another_order, ""),
    (one_sample_alone, ""),
    (numbers_without_grad, ""),
]


def trained(between, native, epochs=4, **how):
    """The weights after training, and the run."""
    net = Body(between)
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    torch.manual_seed(5)
    random.seed(5)
    np.random.seed(5)
    run = None
    if native:
        run = chainrule.train(net, F.mse_loss, optimizer, X, Y, epochs, steps=[], **how)
    else:
        loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, Y), how.get("batch_size", 16))
        for _ in range(epochs):
            for xs, ys in loader if how else [(X, Y)]:
                optimizer.zero_grad()
                F.mse_loss(net(xs), ys).backward()
                optimizer.step()
    return [p.detach().clone() for p in net.parameters()], run


@pytest.mark.parametrize(("between", "function"), FUNCTIONS)
def test_the_function_and_its_line_are_named(between, function):
    how = {"batch_size": 10} if between is on_the_size_of_the_batch else {}
    weights, run = trained(between, native=True, **how)
    told = run.about["native"]
    assert told["by"] == "PyTorch", told
    assert run.native.startswith("in PyTorch: ")
    assert len(run.losses) == (8 if how else 4)
    if function:
        assert told["function"] == function
        lines = range(between.__code__.co_firstlineno + 1, between.__code__.co_firstlineno + 4)
        assert told["place"] in [f"{HERE}:{line}" for line in lines]
    assert run.native_source() == ""
    assert all(w.isfinite().all() for w in weights)


@pytest.mark.parametrize(
    "between", [on_a_number, batch_norm, a_product_of_batches, numbers_without_grad, weights_without_grad]
)
def test_the_weights_are_those_of_the_plain_loop_to_the_bit(between):
    ours, run = trained(between, native=True)
    theirs, _ = trained(between, native=False)
    assert run.native.startswith("in PyTorch")
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_torchs_random_numbers_are_drawn_as_by_the_plain_loop():
    ours, _ = trained(on_torchs_random_numbers, native=True)
    theirs, _ = trained(on_torchs_random_numbers, native=False)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def plain(net, z):
    return z


def test_hooks_optimizers_of_ones_own_and_losses_that_broadcast():
    net = Body(plain)
    net.first.register_forward_hook(lambda *_: None)
    run = chainrule.train(net, F.mse_loss, torch.optim.SGD(net.parameters(), 0.1), X, Y, 3)
    assert "a hook of the script" in run.native

    class Mine(torch.optim.SGD):
        pass

    net = Body(plain)
    run = chainrule.train(net, F.mse_loss, Mine(net.parameters(), 0.1), X, Y, 3)
    assert "Mine.step" in run.native

    net = Body(plain)
    optimizer = torch.optim.Rprop(net.parameters(), 0.1)
    assert "Rprop.step" in chainrule.train(net, F.mse_loss, optimizer, X, Y, 3).native

    net = Body(plain, outputs=1)
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    with pytest.warns(UserWarning, match="different to the input size"):
        run = chainrule.train(net, F.mse_loss, optimizer, X, Y[:, 0], 3)
    assert run.about["native"]["function"] == "F.mse_loss"


@pytest.mark.parametrize(("images", "by"), [(32, "natively"), (1, "in PyTorch: F.conv2d: PyTorch's convolution is as")])
def test_pytorch_trains_where_its_convolutions_are_as_quick(images, by):
    """One image of 64·64 pixels: 32·9 products for each are 1,179,648, which every lane of a vector would make."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 32, 3, padding=1), nn.MaxPool2d(16), nn.Flatten(), nn.Linear(512, 3))
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    run = chainrule.train(net, F.mse_loss, optimizer, torch.randn(images, 1, 64, 64), torch.randn(images, 3), 3)
    assert run.native.startswith(by), run.native


def test_a_batch_may_be_larger_than_what_the_watch_keeps_for_display(monkeypatch):
    monkeypatch.setattr(recorder, "DISPLAY_BYTES", 0)
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))
    run = chainrule.train(net, F.mse_loss, torch.optim.SGD(net.parameters(), 0.1), X, Y, 3)
    assert run.native.startswith("natively"), run.native


def test_what_may_look_like_control_flow_is_native():
    """Shapes are read all the time, and a constant is no number of the data."""

    def shapes(net, z):
        return z.view(len(z), -1) * (2.0 if z.shape[1] == 8 else 1.0)

    _, run = trained(shapes, native=True)
    assert run.native.startswith("natively"), run.native


class Prepared(nn.Module):
    """Computes with whole numbers before it uses them."""

    def __init__(self, prepare):
        super().__init__()
        torch.manual_seed(0)
        self.table, self.head, self.prepare = nn.Embedding(6, 4), nn.Linear(4, 3), prepare

    def forward(self, words):
        return self.head(self.table(self.prepare(self, words)))


WORDS = torch.randint(0, 5, (16, 2), generator=torch.Generator().manual_seed(3))
PREPARED = {
    "a column": lambda net, words: words[:, 0],
    "arithmetic": lambda net, words: (words[:, 0] + 2 * words[:, 1]) % 6,
    "written in place": lambda net, words: words[:, 0].clone().add_(1),
}
OF_WEIGHTS = {
    "chosen by weights": lambda net, words: (words[:, 0] + net.head.bias.argmax()) % 6,
    "written with weights": lambda net, words: words[:, 0].clone().add_(net.head.bias.detach().argmax()) % 6,
    "at random": lambda net, words: (words[:, 0] + torch.randint_like(words[:, 0], 2)) % 6,
    "by the others of the batch": lambda net, words: words[:, 0].sort().values,
}


@pytest.mark.parametrize("what", [*PREPARED, *OF_WEIGHTS])
def test_what_is_made_of_whole_numbers_is_native_where_it_is_of_the_sample_alone(what):
    weights = []
    for native in (True, False):
        net = Prepared((PREPARED | OF_WEIGHTS)[what])
        optimizer = torch.optim.SGD(net.parameters(), 0.5)
        torch.manual_seed(5)
        if native:
            run = chainrule.train(net, F.mse_loss, optimizer, WORDS, Y, 20, batch_size=6, steps=[])
            assert run.native.startswith("natively" if what in PREPARED else "in PyTorch"), run.native
        else:
            for _ in range(20):
                for xs, ys in torch.utils.data.DataLoader(torch.utils.data.TensorDataset(WORDS, Y), 6):
                    optimizer.zero_grad()
                    F.mse_loss(net(xs), ys).backward()
                    optimizer.step()
        weights.append([p.detach().clone() for p in net.parameters()])
    for a, b in zip(*weights, strict=True):
        assert (
            float((a - b).abs().max()) <= 60 * 6 * 4 * torch.finfo(torch.float32).eps
        )  # steps · samples · units · eps


def test_labels_that_are_prepared_in_the_loss_are_native():
    labels = torch.randint(0, 3, (16,), generator=torch.Generator().manual_seed(3))
    for loss_fn in (
        lambda out, y: F.mse_loss(out, F.one_hot(y, 3).float()),
        lambda out, y: F.binary_cross_entropy_with_logits(out[:, 0], (y == 1).float()),
    ):
        net = Body(plain)
        run = chainrule.train(net, loss_fn, torch.optim.SGD(net.parameters(), 0.1), X, labels, 5, batch_size=6)
        assert run.native.startswith("natively"), run.native


def test_samples_that_meet_in_a_mean_are_native():
    ours, run = trained(samples_that_meet, native=True)
    theirs, _ = trained(samples_that_meet, native=False)
    assert run.native.startswith("natively"), run.native
    for a, b in zip(ours, theirs, strict=True):
        assert (
            float((a - b).abs().max()) <= 4 * 16 * 8 * torch.finfo(torch.float32).eps
        )  # steps · samples · units · eps


def test_a_machine_that_computes_something_else_is_found_out(monkeypatch):
    """The proof of every machine, seen to fail."""

    class Wrong:
        def run(self, memory, first, count):
            memory.losses[first : first + count] = 1.0
            return count

        def source(self):
            return ""

    monkeypatch.setattr(loop, "machine", lambda *_: Wrong())
    ours, run = trained(plain, native=True)
    monkeypatch.undo()
    assert "differs from NumPy's" in run.native
    theirs, _ = trained(plain, native=False)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_a_form_that_is_wrong_is_found_out(monkeypatch):
    """The comparison with autograd on a second batch, seen to fail."""
    right = table.FORMS["linear"]

    def wrong(s):
        y, adjoint = right(s)
        return y, lambda g: adjoint(s("mul", g, 1.001))

    monkeypatch.setitem(table.FORMS, "linear", wrong)
    _, run = trained(plain, native=True)
    assert "differs from PyTorch's" in run.native
    assert "the gradient of" in run.native
