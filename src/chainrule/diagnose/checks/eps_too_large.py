"""Adam's ε is small beside what it is added to.

Law: Adam steps by η·m̂/(√v̂ + ε). √v̂ is about the size of the gradient, and ε only keeps the division from 0. Where ε is
ten times √v̂ and more for nearly all numbers, the step is (η/ε)·m̂: gradient descent with a learning rate of η/ε times
the gradient, without what makes Adam independent of its size.

Nearly all are nine of ten, in every step looked at, and the steps together are too short to learn anything
(rate-too-low's law); ε of PyTorch's defaults and below never counts, since there it is the gradient that is too small.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from chainrule.diagnose.case import Case
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.motion import crawls, settings
from chainrule.step import ParameterUpdate

TIMES = 10.0
NEARLY = 0.9
USUAL = 1e-7
SECOND = {"exp_avg_sq": "betas", "square_avg": "alpha"}  # Adam's kind, RMSprop's


def check(case: Case) -> Iterator[Finding]:
    if not crawls(case):
        return
    found = [(made, change) for _, made, change in settings(case, "eps") if float(change.settings["eps"]) > USUAL]
    sizes = [size for _, change in found if (size := _size(change)) is not None]
    if not sizes or len(sizes) < len(found) / 2:
        return
    made, change = found[-1]
    eps = float(change.settings["eps"])
    sizes_all = torch.cat([size.flatten() for size in sizes])
    if float((sizes_all * TIMES < eps).double().mean()) < NEARLY:
        return
    yield Finding(
        slug="eps-too-large",
        title=f"ε = {eps:g} is far larger than what it is added to",
        where=Where.at(made.made, made.optimizer),
        steps=(case.steps[0].index, case.last),
        evidence={
            "ε": eps,
            "median of √v": float(sizes_all.median()),
            "learning rate": float(change.settings.get("lr", 0.0)),
            "learning rate/ε, what the gradient is multiplied with": float(change.settings.get("lr", 0.0)) / eps,
        },
        because="the step η·m̂/(√v̂ + ε) is divided by ε instead of the size of the gradient, so that it is as small as "
        "the gradient itself",
        fix="eps=1e-8, PyTorch's default",
        diff=f"-    eps={eps:g}\n+    eps=1e-8",
        attempts=(Intervention("set", {"settings": {"eps": 1e-8}}),),
    )


def _size(change: ParameterUpdate) -> torch.Tensor | None:
    """√v̂ of before the step, bias corrected; None in the first step."""
    name = next((name for name in SECOND if isinstance(change.state.get(name), torch.Tensor)), None)
    if name is None:
        return None
    settled = 1.0
    if name == "exp_avg_sq":
        beta = float(change.settings["betas"][1])
        settled = 1 - beta ** float(change.state.get("step", 1))
    return (change.state[name].double() / settled).sqrt() if settled > 0 else None
