"""Class weights make up for what is rare.

Law: with weights w the loss is Σ w[t]·ℓ / Σ w[t], so a class with the share f of the samples has the share w·f of the
gradient. Weights that grow with f (the counts themselves instead of their inverse) double the imbalance instead of
removing it; pos_weight is to be the number of negatives by that of positives.

The finding: of two classes or more the most frequent has at least twice the weight of the rarest, it is at least twice
as frequent, and over all classes ln w rises with ln f (correlation above 0.9); of pos_weight: it is below a half where
positives are the rarer third or less, or above two where they are the larger. And the network answers the rare class
less than half as often as it occurs.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from chainrule.diagnose.answers import all_answers, late_answers
from chainrule.diagnose.case import Case
from chainrule.diagnose.comparison import comparisons
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.step import Value

Tensor = torch.Tensor

TWICE = 2.0
RISES = 0.9
FEWEST = 24  # samples, to know how frequent a class is


def check(case: Case) -> Iterator[Finding]:
    compared = comparisons(case.steps[-1]) if case.steps else []
    targets, given = all_answers(case).targets, late_answers(case).given
    if len(compared) != 1 or len(targets) < FEWEST or len(given) < FEWEST:
        return
    call = compared[0].call
    argument = "pos_weight" if isinstance(call.arguments.get("pos_weight"), Value) else "weight"
    weight = call.arguments.get(argument)
    if not isinstance(weight, Value) or weight.tensor is None:
        return
    weights = weight.tensor.double().flatten()
    if argument == "pos_weight" and targets.shape[1] == 1 and weights.numel() == 1:
        weights = torch.stack([torch.ones(()).double(), weights[0]])
        targets, given = torch.cat([1 - targets, targets], 1), torch.cat([1 - given, given], 1)
    if (not compared[0].is_classes and argument == "weight") or weights.numel() != targets.shape[1]:
        return
    share = targets.mean(0)
    if not _reversed(weights, share):
        return
    rare = int(share.argmin())
    answered = float((given.argmax(1) == rare).double().mean())
    if answered > share[rare] / 2:
        return
    yield Finding(
        slug="reversed-class-weights",
        title="the class weights favour what is frequent already",
        where=Where.of(call),
        steps=(case.steps[0].index, case.last),
        evidence={
            "shares of the classes": [round(float(part), 3) for part in share],
            "their weights": [round(float(part), 4) for part in weights],
            "share of samples answered with the rarest class": answered,
        },
        because="a class's share of the gradient is weight times share: the rare one is multiplied down a second time",
        fix="weights as the inverse of how frequent a class is: counts.sum() / (len(counts) * counts)",
        diff="-    weight = counts / counts.sum()\n+    weight = counts.sum() / (len(counts) * counts)",
        attempts=(Intervention.at(call, "arguments", arguments={argument: None}),),
    )


def _reversed(weights: Tensor, share: Tensor) -> bool:
    seen = share > 0
    if int(seen.sum()) < 2 or bool((weights[seen] <= 0).any()):
        return False
    w, f = weights[seen].log(), share[seen].log()
    often, rare = int(f.argmax()), int(f.argmin())
    limit = torch.tensor(TWICE).log()
    if w[often] - w[rare] < limit or f[often] - f[rare] < limit:
        return False
    w, f = w - w.mean(), f - f.mean()
    return float(w @ f) > RISES * float(w.norm() * f.norm())
