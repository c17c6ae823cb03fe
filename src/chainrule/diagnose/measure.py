"""How well answers fit, and how well they could: shares of the targets' spread, whatever their unit."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import torch

Tensor = torch.Tensor

NEIGHBOURS = 5
WINDOW = 20  # the part of a run over which losses are averaged
RIDGES = (1e-3, 1e-1, 1.0)  # times the mean eigenvalue of the features' second moments, which are 1 when standardised


def standardised(x: Tensor) -> Tensor:
    """(samples, features) with mean 0 and spread 1; features that do not vary are left out."""
    x = x.double()
    spread = x.std(0, correction=0)
    varies = spread > 1e-12 * x.abs().amax(0).clamp_min(1e-300)
    return (x[:, varies] - x[:, varies].mean(0)) / spread[varies]


def explained(answers: Tensor, targets: Tensor) -> float:
    """1 − Σ(t − ŷ)² / Σ(t − mean t)²: 1 where all is right, 0 for the best constant; nan where the targets are equal.

    answers, targets   (samples, outputs)
    """
    targets = targets.double()
    whole = float((targets - targets.mean(0)).square().sum())
    return 1 - float((targets - answers.double()).square().sum()) / whole if whole > 0 else float("nan")


def affine(x: Tensor, t: Tensor) -> float:
    """What an affine function of the features explains of targets that it was not fitted to. Shapes as below."""
    return explained(affine_answers(x, t), t)


def affine_answers(x: Tensor, t: Tensor) -> Tensor:
    """What an affine function of the features answers for samples that it was not fitted to; the best of RIDGES.

    Each sample is left out once. With the hat matrix H of ridge regression the error of a sample left out is
    (t − Ht)/(1 − H[n,n]) (Allen's PRESS, 1974), so one fit does for all.

    x, t   (samples, features), (samples, outputs)
    """
    x, t = standardised(x), t.double()
    n = len(x)
    kernel = x @ x.T
    ones = torch.full((n, n), 1 / n, dtype=x.dtype)
    values, vectors = torch.linalg.eigh(kernel)
    size = float(values.clamp_min(0).mean())
    found: list[Tensor] = []
    for ridge in RIDGES:
        shrunk = values.clamp_min(0) / (values.clamp_min(0) + max(ridge * size, 1e-12))
        hat = (vectors * shrunk) @ vectors.T + ones  # the features are centred, so that the mean is added
        left_out = (t - hat @ t) / (1 - hat.diagonal()).clamp_min(1e-6)[:, None]
        found.append(t - left_out)
    return max(found, key=lambda answers: explained(answers, t))


def area(scores: Tensor, positive: Tensor) -> float:
    """The area under the receiver's curve: how often one of the class has a higher score than one that is not (Hanley &
    McNeil, Radiology 143, 1982). 1/2 where the scores say nothing.

    scores, positive   (samples,)
    """
    high, low = scores[positive][:, None], scores[~positive]
    return float(((high > low).double() + (high == low).double() / 2).mean())


def least_squares(x: Tensor, t: Tensor) -> float:
    """What the best affine function of the features explains of these very targets: no affine model does better."""
    x = torch.cat([standardised(x), torch.ones(len(x), 1, dtype=torch.float64)], 1)
    t = t.double()
    return explained(x @ torch.linalg.lstsq(x, t, driver="gelsd").solution, t)


def nearest(x: Tensor, t: Tensor) -> float:
    """What the mean of the NEIGHBOURS nearest other samples explains of a sample's target. Shapes as in `affine`."""
    x, t = standardised(x), t.double()
    distance = torch.cdist(x, x)
    distance.fill_diagonal_(float("inf"))
    near = distance.topk(min(NEIGHBOURS, len(x) - 1), largest=False).indices
    return explained(t[near].mean(1), t)


def bent(x: Tensor, t: Tensor) -> float:
    """What simple functions that are not affine explain of targets they have not seen, the best of them: the nearest
    samples, and affine functions of the numbers' squares and of the numbers in order of size, wherever they stand."""
    return max(nearest(x, t), affine(standardised(x).square(), t), affine(x.double().sort(1).values, t))


def grouped(group: Tensor, t: Tensor) -> float:
    """What the mean of the other samples of its group explains of a sample's target; of a group of one, that of all.

    group   (samples,), a number for each group
    """
    t = t.double()
    sums = torch.zeros(int(group.max()) + 1, t.shape[1], dtype=t.dtype).index_add(0, group, t)[group]
    others = group.bincount()[group][:, None] - 1
    return explained(torch.where(others > 0, (sums - t) / others.clamp_min(1), t.mean(0)), t)


def dependence(x: Tensor, t: Tensor, shuffles: int = 99) -> float:
    """The share of shuffled targets that go with the inputs at least as well as the true ones, the true ones counted.

    How well is their distance covariance (Székely, Rizzo & Bakirov, Annals of Statistics 35, 2007), which is 0 only
    for independent variables. Small where inputs tell something; for independent ones any number up to 1 is as likely.
    """
    x, t = standardised(x), standardised(t)
    a, b = _centred(torch.cdist(x, x)), _centred(torch.cdist(t, t))
    generator = torch.Generator().manual_seed(0)  # of our own: the script's random state is not touched
    true = float((a * b).sum())
    orders = (torch.randperm(len(t), generator=generator) for _ in range(shuffles))
    as_good = sum(float((a * b[order][:, order]).sum()) >= true for order in orders)
    return (1 + as_good) / (1 + shuffles)


def _centred(distance: Tensor) -> Tensor:
    return distance - distance.mean(0) - distance.mean(1, keepdim=True) + distance.mean()


def around(losses: Sequence[float], place: int) -> float:
    """Their mean over a twentieth around the place: of small batches the loss of one is far from that of the next."""
    size = max(1, len(losses) // WINDOW)
    start = min(max(place - size // 2, 0), len(losses) - size)
    return fmean(losses[start : start + size])
