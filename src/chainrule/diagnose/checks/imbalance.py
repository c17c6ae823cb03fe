"""Every class has a say in the gradient.

Law: ∂L/∂z = Σₙ (p[n] − onehot[n])/N: of a class that is one sample in a hundred comes a hundredth of the sum. The
loss of answering the frequent class always is small already, and what moves the answers first is the bias towards it.

The finding: one class is COMMON times as frequent as any other, the network answers it for every sample (or pixel) in
the last steps looked at, and yet the classes can be told apart: the nearest samples or an affine function explain a
fifth of the targets' spread and more, the network less than half of that (answers.py). Of a class that is very rare
even the best answers explain little; there the network explains nothing, and an affine function (of a pixel and those
around it) gives one of the others, which it was not fitted to, a higher score than one of the common class in more of
all pairs than could be by chance, and the network has less than half of that lead over chance.

Or of pixels the network itself ranks the others higher, and yet answers the common class for every one of them: what it
knows is under the bias, and no decision is ever made by it. The pixels of one object go together, so an image counts as
one: pairs are taken within it, the mean over images must lie half of the way from chance to certainty and more, of a
class that is RARE, in a loss that is not falling any more, and as good as nothing be explained. Of samples that is not
said: of an event that is never likely, to rank it and never to answer it is the best there is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean
from typing import NamedTuple

import torch

from chainrule.diagnose.answers import FALLING, STEPS, all_answers, falls_short, late_answers
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.comparison import Comparison, comparisons
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.measure import affine_answers, area, around, explained

Tensor = torch.Tensor

COMMON = 4.0  # times as frequent as any other class: four of five samples, where there are two
PIXELS = 3  # axes of targets that say something of each pixel
AROUND = 3  # pixels
MOST_PIXELS = 1 << 15  # of a step
RARE = 0.1  # of the samples
NOTHING = 0.05
SURELY = 3.0  # times the spread that the share of pairs has by chance, 1/√(12·n) for n of the rare class
FEWEST = 6  # of them
SAMPLES = 24  # of fewer nothing is said about what the network answers
MOST = 1000
LOOKS = 2  # at the network, the last ones
KNOWN = 0.75  # of the pairs of pixels


def check(case: Case) -> Iterator[Finding]:
    compared = comparisons(case.steps[-1]) if case.steps else []
    if len(compared) != 1 or compared[0].form not in ("classes", "probabilities"):
        return
    of_pixels = len(compared[0].target.shape) >= PIXELS
    late, answers = _of_pixels(case) if of_pixels else _of_samples(case)
    if (
        len(late.given) < SAMPLES
        or not late.given.isfinite().all()
        or (not compared[0].is_classes and late.outputs > 1)
    ):
        return
    common, share, times, others = _answered(late)
    if times < COMMON or others > 0:
        return
    told_apart, own = _told_apart(answers, common), _ranked(late, common)
    worse = late.explained < NOTHING and own < 0.5 + (told_apart - 0.5) / 2
    hidden = of_pixels and share > 1 - RARE and late.explained < NOTHING and _falls_no_more(case)
    if not (falls_short(case) or worse or (hidden and _knows_of_pixels(case, common))):
        return
    yield Finding(
        slug="imbalance",
        title=f"{share:.0%} of the samples are of class {common}, and the network answers nothing else",
        where=Where.of(compared[0].call),
        steps=(case.steps[0].index, case.last),
        evidence={
            "share of the most frequent class": share,
            "times as frequent as any other": times,
            "share of samples that are answered otherwise": others,
            "share of the targets' spread that the network explains": late.explained,
            "how often an affine function ranks one of the others higher": told_apart,
            "how often the network does": own,
        },
        because="the sum over the samples is that of the frequent class, and the few samples of the others are lost "
        "in it",
        fix="weight the classes (weight= or pos_weight= as the inverse of how frequent they are), or draw them evenly "
        "(WeightedRandomSampler); and judge by the recall of each class",
    )


def _falls_no_more(case: Case) -> bool:
    """Over the second half of the run."""
    before = around(case.losses, min(case.last - case.start, len(case.losses) // 2))
    return 0 < (1 - FALLING) * before < around(case.losses, len(case.losses))


def _knows_of_pixels(case: Case, common: int) -> bool:
    """Whether the network ranks the rare ones higher within an image and answers the common class for all, in the last
    steps looked at."""
    shares: list[float] = []
    for seen in case.late[-LOOKS:]:
        compared = comparisons(seen)
        pair = compared[0].answers() if len(compared) == 1 else None
        images = compared[0].prediction.shape[0] if compared and compared[0].prediction.shape else 0
        if pair is None or not images or not pair[0].isfinite().all() or bool((pair[1] * (1 - pair[1])).any()):
            return False
        judged = _each(compared[0], pair)
        answered, _, _, others = _answered(judged)
        scores, rare = _scores(judged, common)
        if answered != common or others > 0 or len(scores) % images:
            return False
        for of_one, wanted in zip(scores.reshape(images, -1), rare.reshape(images, -1), strict=True):
            some = _some(wanted)
            shares += [area(of_one[some], wanted[some])] if 0 < int(wanted.sum()) < len(wanted) else []
    return len(shares) >= FEWEST and fmean(shares) > max(KNOWN, 0.5 + SURELY / math.sqrt(12 * len(shares)))


class Judged(NamedTuple):
    """What was answered, what was asked for, and the inputs where they are known: a row for each sample, or pixel."""

    given: Tensor
    targets: Tensor
    inputs: Tensor | None

    @property
    def outputs(self) -> int:
        return self.targets.shape[1] if self.targets.dim() > 1 else 0

    @property
    def explained(self) -> float:
        return explained(self.given, self.targets)


def _of_samples(case: Case) -> tuple[Judged, Judged]:
    """Late, and of all steps."""
    late, answers = late_answers(case), all_answers(case)
    return (
        Judged(late.given, late.targets, late.inputs),
        Judged(answers.given, answers.targets, answers.inputs),
    )


def _of_pixels(case: Case) -> tuple[Judged, Judged]:
    """The same of images with a target for each pixel; the inputs of one are those around it."""
    parts = [part for seen in case.steps if (part := _pixels(seen)) is not None] if len(case.losses) >= STEPS else []
    if not parts:
        nothing = Judged(torch.empty(0, 0), torch.empty(0, 0), None)
        return nothing, nothing
    return _joined(parts[-2:]), _joined(parts)


def _joined(parts: list[Judged]) -> Judged:
    inputs = [part.inputs for part in parts if part.inputs is not None]
    known = torch.cat(inputs) if len(inputs) == len(parts) else None
    return Judged(torch.cat([part.given for part in parts]), torch.cat([part.targets for part in parts]), known)


def _pixels(seen: Seen) -> Judged | None:
    found, data = comparisons(seen), seen.batch.data
    pair = found[0].answers() if len(found) == 1 else None
    if pair is None:
        return None
    each = _each(found[0], pair)
    given, t = each.given, each.targets
    if data is None or data.tensor is None or not data.dtype.is_floating_point or len(data.shape) != 1 + PIXELS:
        return each
    of_one = math.prod(data.shape[-2:])
    if len(t) != len(data.tensor) * of_one:
        return each
    some = data.tensor[: max(1, MOST_PIXELS // of_one)]
    around = torch.nn.functional.unfold(some, AROUND, padding=AROUND // 2).transpose(1, 2).flatten(0, 1)
    return Judged(given[: len(around)], t[: len(around)], around)


def _each(compared: Comparison, pair: tuple[Tensor, Tensor]) -> Judged:
    """A row for each pixel, in their order."""
    given, t = pair if compared.is_classes else (pair[0].reshape(-1, 1), pair[1].reshape(-1, 1))
    return Judged(given.double(), t, None)


def _told_apart(answers: Judged, common: int) -> float:
    """In which share of all pairs an affine function scores a sample of another class higher than one of the common;
    0 where that may be chance (Mann & Whitney 1947)."""
    x, t = answers.inputs, answers.targets
    if x is None or not x.isfinite().all():
        return 0.0
    rare = (t[:, 0].round() != common) if t.shape[1] == 1 else t.argmax(1) != common
    x, rare = x[_some(rare)], rare[_some(rare)]
    count = int(rare.sum())
    if not FEWEST <= count < len(rare):
        return 0.0
    share = area(affine_answers(x, rare.double()[:, None])[:, 0], rare)
    return share if share > 0.5 + SURELY / math.sqrt(12 * count) else 0.0


def _some(rare: Tensor) -> Tensor:
    """At most MOST samples of each kind: which share of all they are, the share of pairs does not tell."""
    generator = torch.Generator().manual_seed(0)
    kinds = (part.nonzero()[:, 0] for part in (rare, ~rare))
    return torch.cat([kind[torch.randperm(len(kind), generator=generator)[: MOST // 2]] for kind in kinds])


def _ranked(answers: Judged, common: int) -> float:
    """The same of the network's own answers."""
    scores, rare = _scores(answers, common)
    some = _some(rare)
    return area(scores[some], rare[some])


def _scores(answers: Judged, common: int) -> tuple[Tensor, Tensor]:
    """How much the network takes each sample for one of the others, and whether it is one."""
    given, t = answers.given, answers.targets
    if t.shape[1] == 1:
        return given[:, 0] if common == 0 else -given[:, 0], t[:, 0].round() != common
    return -given[:, common], t.argmax(1) != common


def _answered(answers: Judged) -> tuple[int, float, float, float]:
    """The most frequent class, its share of the targets, how many times as frequent it is as any other, and the share
    of samples that are answered otherwise."""
    target, given = _classes_of(answers)
    common = int(target.mode().values)
    counts = target.clamp_min(0).bincount(minlength=2)
    second = int(counts.topk(2).values[1])
    times = float(counts.max()) / second if second else math.inf
    return common, float((target == common).double().mean()), times, float((given != common).double().mean())


def _classes_of(answers: Judged) -> tuple[Tensor, Tensor]:
    """Those asked for and those answered."""
    if answers.outputs == 1:
        return answers.targets[:, 0].round().long(), (answers.given[:, 0] > 0.5).long()
    return answers.targets.argmax(1), answers.given.argmax(1)
