"""What a loss compares is found in torch's own functions, in losses written by hand, and nowhere else."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import chainrule
from chainrule.diagnose.case import Case
from chainrule.diagnose.checks import softmax_over_samples
from chainrule.diagnose.comparison import comparisons, is_whole_loss

N = 32
Loss = Callable[[Tensor, Tensor], Tensor]  # of (N, 2) answers and (N,) classes


def one(z: Tensor) -> Tensor:
    return z[:, 1]


def bce(z: Tensor, y: Tensor) -> Tensor:
    p = torch.sigmoid(one(z))
    return -(y * torch.log(p + 1e-8) + (1 - y) * torch.log(1 - p + 1e-8)).mean()


BY_HAND: dict[str, tuple[str, Loss]] = {
    "gather": ("classes", lambda z, y: -z.log_softmax(1).gather(1, y[:, None]).mean()),
    "index": ("classes", lambda z, y: -z.softmax(1).log()[torch.arange(N), y].mean()),
    "categorical": ("classes", lambda z, y: -torch.distributions.Categorical(logits=z).log_prob(y).mean()),
    "one-hot": ("distributions", lambda z, y: -(F.one_hot(y, 2) * z.log_softmax(1)).sum(1).mean()),
    "binary": ("probabilities", bce),
    "hinge": ("signs", lambda z, y: torch.relu(1 - (2.0 * y - 1) * one(z)).mean()),
    "normal": ("numbers", lambda z, y: -torch.distributions.Normal(one(z), 1.0).log_prob(1.0 * y).mean()),
}
OF_TORCH: dict[str, tuple[str, Loss]] = {
    "cross entropy": ("classes", F.cross_entropy),
    "logits": ("probabilities", lambda z, y: F.binary_cross_entropy_with_logits(one(z), 1.0 * y)),
    "mse": ("numbers", lambda z, y: F.mse_loss(one(z), 1.0 * y)),
    "poisson": ("counts", lambda z, y: F.poisson_nll_loss(one(z), 1.0 * y)),
    "soft margin": ("signs", lambda z, y: F.soft_margin_loss(one(z), 2.0 * y - 1)),
}
NONE: dict[str, Loss] = {
    "policy": lambda z, y: -(z.log_softmax(1).gather(1, y[:, None])[:, 0] * torch.randn(N)).mean(),
    "quantile": lambda z, y: torch.maximum(0.9 * (y - one(z)), 0.1 * (one(z) - y)).mean(),
    "two answers": lambda z, y: (z[:, 0] - 1.0 * y).abs().mean() + (z[:, 1] ** 2).mean(),
    "entropy": lambda z, y: (z.log_softmax(1) * z.softmax(1)).sum(1).mean(),
}


def seen(loss: Loss, folder: Path) -> Case:
    torch.manual_seed(0)
    x = torch.randn(N, 3)
    y = (x[:, 0] > 0).long()
    net = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    with chainrule.watch(folder / "run") as run:
        for _ in range(3):
            optimizer.zero_grad()
            loss(net(x), y).backward()
            optimizer.step()
    return Case(run.history)


@pytest.mark.parametrize("name", [*BY_HAND, *OF_TORCH])
def test_what_is_compared_is_found(name: str, tmp_path: Path) -> None:
    form, loss = {**BY_HAND, **OF_TORCH}[name]
    last = seen(loss, tmp_path).steps[-1]
    found = comparisons(last)
    assert [(one.form, one.by_hand) for one in found] == [(form, name in BY_HAND)]
    assert is_whole_loss(last)
    pair = found[0].answers()
    assert pair is not None
    assert len(pair[0]) == len(pair[1]) == N
    assert pair[0].shape == pair[1].shape


@pytest.mark.parametrize("name", NONE)
def test_what_weighs_or_leans_or_has_other_parts_is_no_comparison(name: str, tmp_path: Path) -> None:
    assert comparisons(seen(NONE[name], tmp_path).steps[-1]) == []


def test_a_loss_by_hand_is_judged_as_torchs_own(tmp_path: Path) -> None:
    given = [
        comparisons(seen(loss, tmp_path / str(i)).steps[-1])[0].answers()
        for i, loss in enumerate([BY_HAND["gather"][1], BY_HAND["one-hot"][1], OF_TORCH["cross entropy"][1]])
    ]
    for pair in given[:2]:
        assert pair is not None
        for mine, torchs in zip(pair, given[2] or (), strict=True):
            torch.testing.assert_close(mine.double(), torchs.double(), rtol=1e-5, atol=1e-7)


def test_a_margin_is_as_sure_as_it_is_right(tmp_path: Path) -> None:
    pair = comparisons(seen(BY_HAND["hinge"][1], tmp_path).steps[-1])[0].answers()
    assert pair is not None
    given, target = pair
    # no factor brings them nearer to the targets: the slope by it is 0
    assert math.isclose(float((given * target).sum()), float(given.square().sum()), rel_tol=1e-9)


def test_a_loss_by_hand_has_its_classes_in_the_last_axis(tmp_path: Path) -> None:
    def of_places(z: Tensor, y: Tensor) -> Tensor:
        scores = z[:, None, :] * torch.arange(1.0, 4.0)[:, None]
        return -scores.log_softmax(-1).gather(2, y[:, None, None].expand(-1, 3, 1)).mean()

    case = seen(of_places, tmp_path)
    (found,) = comparisons(case.steps[-1])
    pair = found.answers()
    assert pair is not None
    assert pair[0].shape == pair[1].shape == (3 * N, 2)
    torch.testing.assert_close(pair[0].sum(1), torch.ones(3 * N, dtype=torch.float64))
    assert not list(softmax_over_samples.check(case))
