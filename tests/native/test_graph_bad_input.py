"""Bad input to train: the exception that PyTorch's own loop raises where it raises one, else ours, naming the argument.
The model, the optimizer and the random state are as they were."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import chainrule
from chainrule.errors import BadOption


def net(outputs=3):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, outputs))


def eager(model, loss_fn, optimizer, X, y, epochs, batch_size=None, shuffle=False):
    for _ in range(epochs):
        for xs, ys in [(X, y)] if batch_size is None else DataLoader(TensorDataset(X, y), batch_size, shuffle):
            optimizer.zero_grad()
            loss_fn(model(xs), ys).backward()
            optimizer.step()


X, Y, CLASSES = torch.ones(8, 4), torch.zeros(8, 3), torch.zeros(8, dtype=torch.long)
LATE = torch.tensor([0, 1, 2, 0, 1, 2, 0, 3])  # out of range in the second batch only
RAISED_BY_PYTORCH = {
    "columns that do not fit": (F.mse_loss, torch.ones(8, 5), Y, {}),
    "targets that do not fit": (F.mse_loss, X, torch.zeros(5, 3), {}),
    "lengths that differ": (F.mse_loss, X, Y[:5], {"batch_size": 4}),
    "a label out of range": (F.cross_entropy, X, CLASSES + 3, {}),
    "a label out of range later": (F.cross_entropy, X, LATE, {"batch_size": 4}),
    "a negative label": (F.cross_entropy, X, CLASSES - 1, {}),
    "integers to a float model": (F.mse_loss, X.long(), Y, {}),
    "doubles to a float model": (F.mse_loss, X.double(), Y, {}),
    "float labels": (F.nll_loss, X, Y[:, 0], {}),
    "integer targets": (F.mse_loss, X, Y.long(), {}),
    "a loss of many numbers": (lambda out, y: (out - y) ** 2, X, Y, {}),
    "a loss without grad": (lambda out, y: ((out - y) ** 2).mean().detach(), X, Y, {}),
    "another device": (F.mse_loss, X.to("meta"), Y, {}),
    "a batch size of 0": (F.mse_loss, X, Y, {"batch_size": 0}),
    "a negative batch size": (F.mse_loss, X, Y, {"batch_size": -1}),
    "a batch size that is no number": (F.mse_loss, X, Y, {"batch_size": "8"}),
    "a loss that raises later": (lambda out, y: F.cross_entropy(out, y), X, LATE, {"batch_size": 2, "shuffle": True}),
}


def state_of(model, optimizer):
    return (
        copy.deepcopy(model.state_dict()),
        [p.grad for p in model.parameters()],
        copy.deepcopy(optimizer.state_dict()),
        torch.get_rng_state(),
    )


def equal(a, b):
    weights = all(torch.equal(a[0][name], b[0][name]) for name in a[0])
    return weights and a[1] == b[1] and str(a[2]) == str(b[2]) and torch.equal(a[3], b[3])


@pytest.mark.parametrize("what", RAISED_BY_PYTORCH)
def test_the_exception_is_pytorchs_and_nothing_has_changed(what):
    loss_fn, x, y, how = RAISED_BY_PYTORCH[what]
    model = net()
    try:
        eager(model, loss_fn, torch.optim.Adam(model.parameters()), x, y, 2, **how)
        theirs = None
    except Exception as error:
        theirs = type(error)
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    before = state_of(model, optimizer)
    if theirs is None:
        chainrule.train(model, loss_fn, optimizer, x, y, 2, **how)
        return
    with pytest.raises(theirs) as found:
        chainrule.train(model, loss_fn, optimizer, x, y, 2, **how)
    assert type(found.value) is theirs
    assert equal(before, state_of(model, optimizer))


OURS = {
    "no epochs": ("epochs", lambda m, o: (m, o, X, Y, 0, {})),
    "a fraction of an epoch": ("epochs", lambda m, o: (m, o, X, Y, 1.5, {})),
    "no data": ("X", lambda m, o: (m, o, X[:0], Y[:0], 1, {})),
    "no axis of samples": ("X", lambda m, o: (m, o, torch.ones(()), Y, 1, {})),
    "a list of numbers": ("X", lambda m, o: (m, o, [[1.0, 2.0]], Y, 1, {})),
    "no tensor as target": ("y", lambda m, o: (m, o, X, [1, 2], 1, {})),
    "no optimizer": ("optimizer", lambda m, o: (m, None, X, Y, 1, {})),
    "an optimizer of another model": (
        "optimizer",
        lambda m, o: (m, torch.optim.Adam(net().parameters()), X, Y, 1, {}),
    ),
    "an order that is not known": ("shuffle", lambda m, o: (m, o, X, Y, 1, {"shuffle": "sorted"})),
    "every zeroth step": ("every", lambda m, o: (m, o, X, Y, 1, {"every": 0})),
}


@pytest.mark.parametrize("what", OURS)
def test_where_pytorch_raises_nothing_ours_names_the_argument(what):
    name, arguments = OURS[what]
    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    given, chosen, x, y, epochs, how = arguments(model, optimizer)
    before = state_of(model, optimizer)
    with pytest.raises(BadOption) as found:
        chainrule.train(given, F.mse_loss, chosen, x, y, epochs, **how)
    assert found.value.option == name
    assert equal(before, state_of(model, optimizer))


def test_nan_in_the_data_ends_the_training_at_its_step():
    x = X.clone()
    x[5, 2] = torch.nan
    model = net()
    run = chainrule.train(model, F.mse_loss, torch.optim.SGD(model.parameters(), 0.1), x, Y, 100, batch_size=4)
    assert len(run.losses) == 2  # the second batch holds it; its update was made, as PyTorch would have
    assert run.about["stopped"] == "the loss became nan at step 1"
    assert all(p.isnan().all() for p in model[2].parameters())


def test_a_training_that_diverges_stops_with_the_step():
    """A rate of 100 multiplies the error by a factor at every step, until float32 is exceeded."""
    torch.manual_seed(0)
    x, y = torch.randn(8, 4), torch.randn(8, 3)
    found = []
    for native in (True, False):
        torch.manual_seed(1)
        model = nn.Linear(4, 3)
        optimizer = torch.optim.SGD(model.parameters(), 100.0)
        if native:
            run = chainrule.train(model, F.mse_loss, optimizer, x, y, 1000, steps=[])
            steps = len(run.losses)
            assert run.native.startswith("natively")
            assert run.about["ended"] == "finished"
        else:
            eager(model, F.mse_loss, optimizer, x, y, steps)
        found.append(F.mse_loss(model(x), y).item())
    assert 5 < steps < 100
    assert run.losses[-2] < float("inf")
    assert not run.losses[-1] < float("inf")
    assert run.about["stopped"].endswith(f"at step {steps - 1}")
    assert str(found[0]) == str(found[1])


def test_a_temporary_run_goes_with_the_object():
    model = net()
    run = chainrule.train(model, F.mse_loss, torch.optim.SGD(model.parameters(), 0.1), X, Y, 3)
    path = run.path
    assert path.exists()
    del run
    assert not path.exists()


def test_a_run_is_not_overwritten_unasked(tmp_path):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    chainrule.train(model, F.mse_loss, optimizer, X, Y, 3, path=tmp_path / "a.run")
    with pytest.raises(chainrule.errors.RunExists):
        chainrule.train(model, F.mse_loss, optimizer, X, Y, 3, path=tmp_path / "a.run")
    run = chainrule.train(model, F.mse_loss, optimizer, X, Y, 4, path=tmp_path / "a.run", overwrite=True)
    assert len(chainrule.load(run.path).losses) == 4
