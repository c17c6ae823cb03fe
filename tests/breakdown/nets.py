"""Models to break down, a watch that keeps every step's verdict, and rules spoiled on purpose."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from chainrule.breakdown import propagate, verify
from chainrule.rules import RULES
from chainrule.step import Agreement, Step
from chainrule.watching.watcher import Watcher

MISTAKE = 1.001  # a rule that is wrong by one part in a thousand


@dataclass
class Verdicts:
    """An observer that recomputes and checks every step, and keeps what was found."""

    check: bool = True
    agreements: list[Agreement] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    look: Callable[[Step], None] = lambda step: None

    def first(self) -> int:
        return 0

    def loss(self, index: int, value: float) -> int:
        return index + 1

    def checks(self, index: int) -> bool:
        return self.check

    def step(self, step: Step, seconds: float) -> None:
        propagate(step)
        verify(step)
        self.agreements.append(step.agreement)
        self.problems += step.problems
        self.look(step)

    def problem(self, text: str) -> None:
        self.problems.append(text)

    @property
    def errors(self) -> list[str]:
        return [error for agreement in self.agreements for error in agreement.errors]


def watched(train: Callable[[], Any], **options: Any) -> Verdicts:
    """Run `train` with every step recorded and checked."""
    gc.collect()  # an optimizer of an earlier test that is still there would be waited for
    verdicts = Verdicts(**options)
    watcher = Watcher(verdicts)
    watcher.start()
    try:
        train()
    finally:
        watcher.stop()
    return verdicts


class Spoiled:
    """A rule's vjp times MISTAKE."""

    def __init__(self, rule: str) -> None:
        self.vjp = RULES[rule].vjp

    def __call__(self, *arguments: Any) -> dict[str, Any]:
        return {name: times(g) for name, g in self.vjp(*arguments).items()}


def times(g: Any) -> Any:
    if isinstance(g, list | tuple):
        return [times(part) for part in g]
    return None if g is None else g * MISTAKE


# ---------------------------------------------------------------- models


@dataclass(frozen=True)
class Case:
    """A model with its loss, in float64."""

    model: nn.Module
    loss: Callable[[], Tensor]


CASES: dict[str, Callable[[], Case]] = {}


def case(function: Callable[[], Case]) -> Callable[[], Case]:
    CASES[function.__name__] = function
    return function


def build(name: str, seed: int = 0) -> Case:
    torch.manual_seed(seed)
    torch.set_default_dtype(torch.float64)
    try:
        return CASES[name]()
    finally:
        torch.set_default_dtype(torch.float32)


@case
def neuron() -> Case:
    model, x, y = nn.Linear(2, 1), torch.randn(4, 2), torch.rand(4, 1)
    return Case(model, lambda: F.mse_loss(torch.sigmoid(model(x)), y))


@case
def one_sample() -> Case:
    model, x, y = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1)), torch.randn(3), torch.rand(1)
    return Case(model, lambda: 0.5 * ((y - model(x)) ** 2).sum())


@case
def classifier() -> Case:
    model = nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 4), nn.LayerNorm(4), nn.GELU(), nn.Linear(4, 3))
    x, y = torch.randn(7, 5), torch.randint(0, 3, (7,))
    return Case(model, lambda: F.cross_entropy(model(x), y))


@case
def written_softmax() -> Case:
    model, x, y = nn.Linear(4, 3), torch.randn(6, 4), torch.randint(0, 3, (6,))
    return Case(model, lambda: -(torch.softmax(model(x), dim=1)[torch.arange(6), y] + 1e-9).log().mean())


@case
def convolutions() -> Case:
    model = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(3, 2, 2), nn.Flatten()
    )
    head, x, y = nn.Linear(2, 1), torch.randn(5, 2, 5, 5), torch.rand(5, 1)
    whole = nn.ModuleList([model, head])
    return Case(whole, lambda: F.binary_cross_entropy_with_logits(head(model(x)), y))


@case
def shared_and_residual() -> Case:
    inner, out, x = nn.Linear(4, 4), nn.Linear(4, 2), torch.randn(5, 4)

    def loss() -> Tensor:
        h = torch.tanh(inner(x))
        h = h + torch.sigmoid(inner(h)) * h
        return out(torch.cat([h[:, :2], h[:, 2:] ** 2], 1)).square().mean() + 1e-2 * inner.weight.abs().sum()

    return Case(nn.ModuleList([inner, out]), loss)


@case
def embedding_and_attention() -> Case:
    table, q, k, out = nn.Embedding(7, 4), nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 7)
    ids, y = torch.randint(0, 7, (3, 5)), torch.randint(0, 7, (15,))

    def loss() -> Tensor:
        e = table(ids)
        mixed = F.scaled_dot_product_attention(q(e), k(e), e, is_causal=True)
        return F.cross_entropy(out(mixed).flatten(0, 1), y)

    return Case(nn.ModuleList([table, q, k, out]), loss)


@case
def written_attention() -> Case:
    q, v, x = nn.Linear(3, 3), nn.Linear(3, 3), torch.randn(2, 4, 3)

    def loss() -> Tensor:
        scores = q(x) @ x.transpose(1, 2) / 3**0.5
        mask = torch.triu(torch.ones(4, 4, dtype=torch.bool), 1)
        return (torch.softmax(scores.masked_fill(mask, -torch.inf), -1) @ v(x)).pow(2).mean()

    return Case(nn.ModuleList([q, v]), loss)


@case
def recurrent_by_hand() -> Case:
    step, out, x = nn.Linear(5, 3), nn.Linear(3, 1), torch.randn(4, 6, 2)

    def loss() -> Tensor:
        h = torch.zeros(4, 3)
        for t in range(6):
            h = torch.tanh(step(torch.cat([x[:, t], h], dim=1)))
        return F.smooth_l1_loss(out(h), x[:, 0, :1])

    return Case(nn.ModuleList([step, out]), loss)


@case
def many_functions() -> Case:
    a, b, x = nn.Linear(4, 4), nn.Linear(4, 4), torch.randn(6, 4)

    def loss() -> Tensor:
        u, v = F.softplus(a(x)), F.silu(b(x))
        top = torch.maximum(u, v).amax(1) + torch.minimum(u, v).mean(1)
        mixed = torch.where(u > 1, u.log1p(), v.sin()) / (1 + u.sqrt()) - F.elu(v).exp().clamp(max=3)
        return (top.unsqueeze(1) * mixed).norm() + torch.logsumexp(u - v, 1).sum() + F.leaky_relu(v).cumsum(0).mean()

    return Case(nn.ModuleList([a, b]), loss)
