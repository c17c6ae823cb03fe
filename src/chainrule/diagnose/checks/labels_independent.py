"""The inputs tell something about the targets.

Law: the gradient follows what inputs and targets have in common. Where they have nothing (labels shuffled apart from
their inputs, files read in two orders), the sum of the samples' gradients is noise, and the loss stays at that of the
best constant answer, apart from what is learnt by heart.

Independence is no fact that data can prove. The finding needs three signs that agree, of at least FEWEST samples: the
distance covariance of inputs and targets is no larger than of one shuffling in fifty (measure.dependence, of up to
MOST; under independence that is so 49 times in 50, with a real connection of some strength nearly never), neither an
affine function nor the nearest samples explain anything of targets they have not seen, and the network, after at least
STEPS steps, explains next to nothing either: of fewer than MOST samples, each seen AGAIN times and more, less than
half. What it does explain must be such that it could be chance, or the weights could hold it by heart.

Or the rows of one tensor alone, that not both come of, were put into another order (watching/beside/parts.py), or each
step takes its inputs and targets by different indices, and nothing was learnt, or, where it is not known what the loss
compares, it has not come to HALF, and the other tensor holds labels: then the pairs are torn apart, whatever the inputs
are.

Nor is anything said where the numbers seen are not the data but what was made of them before the first call with a
gradient: the same samples with other inputs in another step (noise, augmentation), numbers that are dropped at random,
or the rows of a frozen embedding, which stand for symbols: what a sum or an order of symbols says, no distance does.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import torch

from chainrule.diagnose.answers import Answers, all_answers, features, late_answers, other_inputs
from chainrule.diagnose.case import Case, Seen, same_numbers
from chainrule.diagnose.comparison import comparisons, is_whole_loss
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.measure import around, dependence
from chainrule.diagnose.motion import came_to_nothing
from chainrule.step import Value

Tensor = torch.Tensor

FEWEST = 100
STEPS = 50
BY_CHANCE = 0.02
MOST = 1000
NOTHING = 0.05
ALIKE = 2.0  # times the variance that the features' shares of zeros have by chance: its own spread is √(2/features)
DROPPED = 0.1  # of the numbers; fewer take little away
OWN = 0.9  # of the rows have a number of their own
MEMORISED = 0.5  # of the spread, where samples come AGAIN and again
AGAIN = 10
LEVEL = 1e-3  # of the spread; an ε in the divisor keeps it from being the same
HALF = 0.5
SPARE = 10
SURE = 4.0  # standard deviations of a correlation of chance, 1/√n
MOST_LABELS = 100
SYMBOLS = 8  # numbers of a feature, at most, that may stand for symbols


def check(case: Case) -> Iterator[Finding]:
    late, answers = late_answers(case), all_answers(case)
    if len(case.losses) < STEPS or not case.steps:
        return
    place = _torn_apart(case, surely=True) if came_to_nothing(case) else _torn_labels(case)
    if place is not None:
        yield _two_orders(case, place)
        return
    if answers.distinct is None or len(answers.distinct[0]) < FEWEST:
        return
    known = MEMORISED if _by_heart(case, answers) else 2 * NOTHING
    if answers.partial or not late.explained < known or not answers.attainable < NOTHING:
        return
    seen = case.steps[-1]
    if not is_whole_loss(seen):
        return  # the loss has other parts, as that of an actor and a critic
    if _learns(case, late):
        return  # little, but more than could be learnt by heart
    if _symbols_beside(seen):
        return  # the answers depend on more than the numbers
    if _drawn_anew(case, answers) or _dropped(answers.distinct[0]) or _symbols(answers.distinct[0]):
        return
    samples = answers.distinct_of(MOST) or answers.distinct
    chance = dependence(*samples)
    loss = seen.loss_call() or seen.calls[-1]
    levelled = _levelled(answers.distinct[0])
    if chance < BY_CHANCE:
        return
    yield Finding(
        slug="labels-independent",
        title="nothing in the inputs tells anything about the targets",
        where=Where.of(loss),
        steps=(case.steps[0].index, seen.index),
        evidence={
            "samples": len(samples[0]),
            "share of shuffled targets that go with the inputs as well as the true ones": chance,
            "share of the targets' spread that simple answers explain": answers.attainable,
            "that the network explains": late.explained,
            **({"inputs": "each sample has a mean of 0 and the same spread"} if levelled else {}),
        },
        because="the samples' gradients have no direction in common: their sum is noise around 0",
        fix="check that inputs and targets belong together, by looking at some pairs: shuffled or sorted apart, read "
        "in two orders, joined by the wrong key"
        + (
            "; or give the inputs as they are: each sample is normalised by itself, and what its level and its size "
            "told is gone"
            if levelled
            else ""
        ),
    )


def _torn_apart(case: Case, surely: bool = False) -> Where | None:
    """Where inputs and targets were put into two orders: in each step, or once before the first. It is one of these if
    it is seen that its rows enter the step, or if it has as many as the DataLoader."""
    seen = case.steps[-1]
    compared = comparisons(seen)
    if len(compared) != 1:
        return None
    target = compared[0].target
    x, t = (seen.step.parts.get(value.index) if value is not None else None for value in (seen.batch.data, target))
    if x is not None and t is not None and x.rows == t.rows and x.index != t.index:
        return Where.at(t.at, "rows of the targets")
    first = case.steps[0]
    begun = comparisons(first)
    if first.batch.data is None or len(begun) != 1 or first.batch.data is begun[0].target:
        return None
    if same_numbers(first.batch.data, begun[0].target):  # an autoencoder's
        return None
    both = {first.batch.data.index, begun[0].target.index}
    samples = {loader["samples"] for loader in case.history.about.get("loaders", [])}
    found = [one for one in first.step.reordered if one.enters or one.rows in samples or not surely]
    found = [one for one in found if not both <= set(one.enters)]
    return Where.at(found[-1].at, "rows in another order") if found else None


def _torn_labels(case: Case) -> Where | None:
    """The same where it is not known what the loss compares, and it has not come to half of what it was: inputs and
    labels, each in an order of its own."""
    first = case.steps[0]
    if first.batch.data is None or comparisons(first):
        return None
    if not around(case.losses, len(case.losses)) > HALF * around(case.losses, 0) > 0:
        return None
    inputs = [one for one in first.step.reordered if first.batch.data.index in one.enters]
    values = first.step.values
    for other in first.step.reordered:
        labels = any(_are_labels(values[number]) for number in other.enters)
        if labels and any(one.rows == other.rows and not set(one.enters) & set(other.enters) for one in inputs):
            return Where.at(other.at, "rows in another order")
    return None


def _are_labels(value: Value) -> bool:
    """One of a few numbers for each sample, or a row in which one of them is 1."""
    t = value.tensor
    if t is None or not t.dim() or t.is_complex():
        return False
    if t.dim() > 1 and t.shape[-1] > 1:
        return bool(((t == 0) | (t == 1)).all()) and bool((t.sum(-1) == 1).all())
    return torch.equal(t, t.round()) and len(t.unique()) <= MOST_LABELS


def _two_orders(case: Case, place: Where) -> Finding:
    late = late_answers(case).explained
    return Finding(
        slug="labels-independent",
        title="inputs and targets were put into two different orders: the pairs are torn apart",
        where=place,
        steps=(case.steps[0].index, case.last),
        evidence={
            **({} if math.isnan(late) else {"share of the targets' spread that the network explains": late}),
            "first loss": case.outcome.first,
            "last loss": case.outcome.last,
        },
        because="the samples' gradients have no direction in common: their sum is noise around 0",
        fix="one order for both: order = torch.randperm(len(x)); x, y = x[order], y[order]",
        diff="-    y = y[torch.randperm(len(y))]\n+    x, y = x[order], y[order]",
    )


def _learns(case: Case, late: Answers) -> bool:
    """Whether the answers go with the targets by more than chance, where the samples are so many that the weights
    cannot hold their targets (a sample in SPARE of them for each number, so that they explain 1/SPARE at most)."""
    seen = case.steps[-1]
    part = seen.step.parts.get(seen.batch.data.index) if seen.batch.data is not None else None
    loaders = [loader["samples"] for loader in case.history.about.get("loaders", [])]
    samples = max([part.rows if part is not None else 0, *loaders])
    if samples < SPARE * sum(value.numel for value in seen.step.parameters.values()):
        return False
    given, wanted = (t - t.mean(0) for t in (late.given, late.targets))
    size = float(given.norm() * wanted.norm())
    return size > 0 and float((given * wanted).sum()) / size * math.sqrt(len(given)) > SURE


def _levelled(x: Tensor) -> bool:
    """Whether each sample, of several numbers, has mean 0 and the others' spread."""
    spreads = x.std(1, correction=0)
    alike = float(spreads.std(correction=0)) < LEVEL * float(spreads.mean())
    return x.shape[1] > SYMBOLS and alike and bool((x.mean(1).abs() < LEVEL * spreads).all())


def _by_heart(case: Case, answers: Answers) -> bool:
    """Whether the samples are few, come again and again, and can be told apart: what is explained may be each sample's
    own answer."""
    samples = len(answers.distinct[0]) if answers.distinct is not None else 0
    batch = case.steps[-1].batch.count or 0
    values = [len(feature.unique()) for feature in answers.distinct[0].T] if answers.distinct is not None else []
    told_apart = bool(values) and sorted(values)[len(values) // 2] > SYMBOLS
    return 0 < samples < MOST and len(case.losses) * batch > AGAIN * samples and told_apart


def _symbols_beside(seen: Seen) -> bool:
    """Whether the answers are made of symbols, too, as those of an action's value are of the action."""
    inputs = (seen.batch.data, *other_inputs(seen, comparisons(seen)[0]))
    return any(value is not None and features(seen, value) is None for value in inputs)


def _drawn_anew(case: Case, answers: Answers) -> bool:
    """Whether a sample, known by its target, has other inputs in another step."""
    batches = [(seen.batch.data, compared[0].target) for seen in case.steps if (compared := comparisons(seen))]
    known = [(x.tensor, t.tensor) for x, t in batches if x is not None and x.tensor is not None]
    for number, (x, t) in enumerate(known):
        for other_x, other_t in known[:number]:
            if t is not None and other_t is not None and _same(t, other_t) and not torch.equal(x, other_x):
                return True
    # In batches of any order, where nearly each sample of one has a target of its own.
    targets = answers.targets
    if answers.inputs is None or not all(t is not None and _own(t) for _, t in known):
        return False
    return len(torch.unique(torch.cat([answers.inputs, targets], 1), dim=0)) > 2 * len(torch.unique(targets, dim=0))


def _same(first: Tensor, second: Tensor) -> bool:
    return torch.equal(first, second) and len(first) > 1 and bool((first != first.flatten()[0]).any())


def _own(t: Tensor) -> bool:
    return t.dtype.is_floating_point and len(torch.unique(t, dim=0)) > OWN * len(t)


def _dropped(x: Tensor) -> bool:
    """Whether numbers are 0 at random: in each feature the same share of numbers that differ otherwise."""
    zero = x == 0
    share = float(zero.double().mean())
    if share < DROPPED or x.shape[1] < 2 or len(x[~zero].unique()) < OWN * int((~zero).sum()):
        return False
    by_chance = share * (1 - share) / len(x)
    return float(zero.double().mean(0).var()) < ALIKE * by_chance


def _symbols(x: Tensor) -> bool:
    """Whether most features are another's under new names, one for one, as those of a row that a symbol stands for, and
    there are several symbols: what one alone says, the samples that have it tell."""
    named = Counter(_named(feature) for feature in x.T if 2 < len(feature.unique()) < OWN * len(x))
    times = [count for count in named.values() if count > 1]
    return len(times) > 1 and 2 * sum(times) > x.shape[1]


def _named(feature: Tensor) -> tuple[int, ...]:
    """Its numbers by the order in which they first come."""
    names: dict[float, int] = {}
    return tuple(names.setdefault(number, len(names)) for number in feature.tolist())
