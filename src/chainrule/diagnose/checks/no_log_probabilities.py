"""The negative log likelihood is given log probabilities.

Law: F.nll_loss is −x[target], nothing else. Only where x are logarithms of probabilities, Σ exp(x) = 1 for each sample,
does raising the right one lower the others. Given logits the loss falls without limit by raising all of them, and the
gradient, −1/N at the target and 0 elsewhere, is the same however right the answer is. Given probabilities it cannot
fall below −1.

The Kullback-Leibler divergence, t·(ln t − x), is no other: F.kl_div takes the logarithms as x, which are never above 0;
there the finding is that none of its numbers lies below 0.

So it is where a script picks each sample's score itself (gather, an index) and raises the mean: the picked numbers all
have the same gradient, but for those that a mask leaves out, the others none, and some scores lie above 0.

A row counts where its Σ exp(x) is further than 1 % from 1: rounding of log softmax in half precision stays below that.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from chainrule.diagnose.case import Case, Seen, tells
from chainrule.diagnose.comparison import picked
from chainrule.diagnose.directions import is_log_probability
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.step import Call, Value

FAR = 0.01
TAKE_LOGARITHMS = ("nll_loss", "kl_div")


def check(case: Case) -> Iterator[Finding]:
    picked = [_picked(seen) for seen in case.steps]
    if picked and all(picked):
        yield _by_hand(case, picked[-1])
        return
    for seen, call in case.calls():
        given = call.arguments.get("input")
        if call.rule not in TAKE_LOGARITHMS or not isinstance(given, Value) or given.tensor is None:
            continue
        sums = given.tensor.double().exp().sum(1) if len(given.shape) > 1 else given.tensor.double().exp()
        if call.rule == "nll_loss" and (len(given.shape) < 2 or float(((sums - 1).abs() > FAR).double().mean()) < 0.5):
            continue
        if call.rule == "kl_div" and not (bool((given.tensor >= 0).all()) and bool((given.tensor > 0).any())):
            continue
        made = seen.origin(given)
        yield Finding(
            slug="no-log-probabilities",
            title=f"{call.name} is given numbers that are no logarithms of probabilities",
            where=Where.of(call if made is None else made),
            steps=(seen.index, case.last),
            evidence={
                "mean of Σ exp(x) over the classes": float(sums.mean()),
                "made by": "" if made is None else made.name,
                "first loss": case.losses[0],
                "last loss": case.losses[-1],
            },
            because="its gradient by x is −target, over the number of samples, however right the answer is: nothing "
            "holds the other classes down",
            fix="give it F.log_softmax(x, dim=1)"
            + (", or use F.cross_entropy, which applies that itself" if call.rule == "nll_loss" else ""),
            diff="-    loss = F.nll_loss(x, target)\n+    loss = F.cross_entropy(x, target)"
            if call.rule == "nll_loss"
            else "",
            attempts=_attempts(call, made),
        )
        return


def _picked(seen: Seen) -> Call | None:
    """A call that takes one number of each sample's scores, the mean of which is to grow without end: the scores are no
    logarithms of probabilities, and the gradient is the same for all that are taken."""
    for call in seen.calls:
        pair, g = picked(call), seen.gradient(call.output)
        if pair is None or g is None or not tells(pair[1]):
            continue
        scores, whole, made = pair[0].tensor, seen.gradient(pair[0]), seen.origin(pair[0])
        if made is None or scores is None or whole is None or is_log_probability(seen, made):
            continue
        alone = bool(torch.count_nonzero(whole) == torch.count_nonzero(g))  # the others have no way to the loss
        taken = g[g != 0]  # where there is padding, a mask has left some out
        alike = 2 * len(taken) > g.numel() and math.isclose(float(taken.min()), float(taken.max()), rel_tol=1e-3)
        if alone and alike and bool(taken[0] < 0) and bool((scores > 0).any()):
            return call
    return None


def _by_hand(case: Case, call: Call | None) -> Finding:
    assert call is not None
    return Finding(
        slug="no-log-probabilities",
        title=f"the scores that {call.name} picks are no logarithms of probabilities",
        where=Where.of(call),
        steps=(case.steps[0].index, case.last),
        evidence={"first loss": case.losses[0], "last loss": case.losses[-1]},
        because="the gradient by each picked score is the same negative number, however right the answer is: nothing "
        "holds the other classes down",
        fix="pick from F.log_softmax(scores, dim=-1), or use F.cross_entropy, which applies that itself",
        diff="-    loss = -scores.gather(1, target)\n+    loss = -scores.log_softmax(-1).gather(1, target)",
        attempts=(Intervention.at(call, "before", function="log_softmax", options={"dim": -1}),),
    )


def _attempts(loss: Call, made: Call | None) -> tuple[Intervention, ...]:
    """Log softmax in place of the softmax, where that made them; else before the loss."""
    log = Intervention.at(loss, "before", function="log_softmax", options={"dim": 1})
    if made is not None and str(made.rule).removeprefix("functional_") == "softmax":
        return (Intervention.at(made, "instead", function="log_softmax", options={"dim": 1}), log)
    return (log,)
