"""Every class has a say in the gradient.

Law: ∂L/∂z = Σₙ (p[n] − onehot[n])/N: of a class that is one sample in a hundred comes a hundredth of the sum. The
loss of answering the frequent class always is small already, and what moves the answers first is the bias towards it.

The finding: more than COMMON of the samples have one class, the network answers it for every sample in the last steps
looked at, and yet the classes can be told apart: the nearest samples or an affine function explain a fifth of the
targets' spread and more, the network less than half of that (answers.py). Of a class that is very rare even the best
answers explain little; there the network explains nothing, and an affine function gives one of the others, which it was
not fitted to, a higher score than one of the common class in more of all pairs than could be by chance, and the network
has less than half of that lead over chance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from chainrule.diagnose.answers import BINARY, Answers, all_answers, comparisons, falls_short, late_answers
from chainrule.diagnose.case import Case
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.measure import affine_answers, area

COMMON = 0.8
NOTHING = 0.05
SURELY = 3.0  # times the spread that the share of pairs has by chance, 1/√(12·n) for n of the rare class
FEWEST = 6  # of them
MOST = 1000


def check(case: Case) -> Iterator[Finding]:
    late, answers = late_answers(case), all_answers(case)
    compared = comparisons(case.steps[-1]) if case.steps else []
    if len(compared) != 1 or not late.given.numel() or not late.given.isfinite().all():
        return
    if not (compared[0].is_classes or (compared[0].call.rule in BINARY and late.given.shape[1] == 1)):
        return
    common, share, others = _answered(late)
    if share < COMMON or others > 0:
        return
    told_apart, own = _told_apart(answers, common), _ranked(late, common)
    if not falls_short(case) and not (late.explained < NOTHING and own < 0.5 + (told_apart - 0.5) / 2):
        return
    yield Finding(
        slug="imbalance",
        title=f"{share:.0%} of the samples are of class {common}, and the network answers nothing else",
        where=Where.of(compared[0].call),
        steps=(case.steps[0].index, case.last),
        evidence={
            "share of the most frequent class": share,
            "share of samples that are answered otherwise": others,
            "share of the targets' spread that the network explains": late.explained,
            "that simple answers explain": answers.attainable,
            "how often an affine function ranks one of the others higher": told_apart,
            "how often the network does": own,
        },
        because="the sum over the samples is that of the frequent class, and the few samples of the others are lost "
        "in it",
        fix="weight the classes (weight= or pos_weight= as the inverse of how frequent they are), or draw them evenly "
        "(WeightedRandomSampler); and judge by the recall of each class",
    )


def _told_apart(answers: Answers, common: int) -> float:
    """In which share of all pairs an affine function scores a sample of another class higher than one of the common;
    0 where that may be chance (Mann & Whitney 1947)."""
    x, t = answers.inputs, answers.targets
    if x is None or not x.isfinite().all():
        return 0.0
    rare = (t[:, 0].round() != common) if t.shape[1] == 1 else t.argmax(1) != common
    x, rare = x[:MOST], rare[:MOST]
    count = int(rare.sum())
    if not FEWEST <= count < len(rare):
        return 0.0
    share = area(affine_answers(x, rare.double()[:, None])[:, 0], rare)
    return share if share > 0.5 + SURELY / math.sqrt(12 * count) else 0.0


def _ranked(answers: Answers, common: int) -> float:
    """The same of the network's own answers."""
    given, t = answers.given, answers.targets
    if t.shape[1] == 1:
        scores, rare = (given[:, 0] if common == 0 else -given[:, 0]), t[:, 0].round() != common
    else:
        scores, rare = -given[:, common], t.argmax(1) != common
    return area(scores, rare)


def _answered(answers: Answers) -> tuple[int, float, float]:
    """The most frequent class, its share of the targets, and the share of samples that are answered otherwise."""
    if answers.targets.shape[1] == 1:
        target, given = answers.targets[:, 0].round().long(), (answers.given[:, 0] > 0.5).long()
    else:
        target, given = answers.targets.argmax(1), answers.given.argmax(1)
    common = int(target.mode().values)
    return common, float((target == common).double().mean()), float((given != common).double().mean())
