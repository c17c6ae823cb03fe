"""The inputs tell something about the targets.

Law: the gradient follows what inputs and targets have in common. Where they have nothing (labels shuffled apart from
their inputs, files read in two orders), the sum of the samples' gradients is noise, and the loss stays at that of the
best constant answer, apart from what is learnt by heart.

Independence is no fact that data can prove. The finding needs three signs that agree, of at least FEWEST samples: the
distance covariance of inputs and targets is no larger than of one shuffling in five (measure.dependence; under
independence that is so four times in five, with a real connection of some strength nearly never), neither an affine
function nor the nearest samples explain anything of targets they have not seen, and the network, after at least
STEPS steps, explains next to nothing either.
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.breakdown.samples import belongs_to_module
from chainrule.diagnose.answers import all_answers, comparisons, late_answers
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.measure import dependence

FEWEST = 100
STEPS = 50
BY_CHANCE = 0.2
NOTHING = 0.05


def check(case: Case) -> Iterator[Finding]:
    late, answers = late_answers(case), all_answers(case)
    if len(case.losses) < STEPS or answers.distinct is None or len(answers.distinct[0]) < FEWEST:
        return
    if answers.partial or not late.explained < 2 * NOTHING or not answers.attainable < NOTHING:
        return
    seen = case.steps[-1]
    if [one.prediction for one in comparisons(seen)] != [seen.notation.prediction]:
        return  # the loss has other parts, as that of an actor and a critic
    if _other_data(seen):
        return  # the answers depend on more than the inputs, as those of an action's value do on the action
    chance = dependence(*answers.distinct)
    loss = seen.loss_call() or seen.calls[-1]
    if chance < BY_CHANCE:
        return
    yield Finding(
        slug="labels-independent",
        title="nothing in the inputs tells anything about the targets",
        where=Where.of(loss),
        steps=(case.steps[0].index, seen.index),
        evidence={
            "samples": len(answers.distinct[0]),
            "share of shuffled targets that go with the inputs as well as the true ones": chance,
            "share of the targets' spread that simple answers explain": answers.attainable,
            "that the network explains": late.explained,
        },
        because="the samples' gradients have no direction in common: their sum is noise around 0",
        fix="check that inputs and targets belong together, by looking at some pairs: shuffled or sorted apart, read "
        "in two orders, joined by the wrong key",
    )


def _other_data(seen: Seen) -> bool:
    """Whether data of the batch enters that is neither the inputs nor the targets."""
    known = (seen.batch.data, *(one.target for one in comparisons(seen)))
    entered = (value for call in seen.calls for value in call.values if value.kind == "data")
    return any(seen.batch.of(value.shape) and value not in known and not belongs_to_module(value) for value in entered)
