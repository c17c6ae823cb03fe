"""What is frozen leaves enough to learn with.

Law: requires_grad = False takes a weight out of step 3 and 4. A body that has been trained before may be frozen: its
head learns. If what is left cannot fit the targets (a body of random numbers, only biases, a head frozen by mistake),
the loss falls as far as those can bring it and stays.

The finding: weights of layers between data and loss are frozen, and nothing was learnt (motion.py). A frozen body
behind which a head learns is no fault; nor is a network that stays as it is while its input is changed (an attack, a
picture of what a unit sees).
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.diagnose.answers import all_answers, late_answers
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.motion import came_to_nothing
from chainrule.step import Call

LAYERS = {"linear", "addmm", "conv1d", "conv2d", "conv3d", "embedding"}


def check(case: Case) -> Iterator[Finding]:
    if not case.steps or not came_to_nothing(case):
        return
    seen = case.steps[-1]
    found = _frozen(seen)
    learning = [name for name in seen.step.parameters if "." in name]
    if not found or not learning:
        return
    call, name = found[0]
    yield Finding(
        slug="frozen",
        title=f"{len(found)} {'layer is' if len(found) == 1 else 'layers are'} frozen, and the rest does not learn",
        where=Where.of(call, name),
        steps=(case.steps[0].index, seen.index),
        evidence={
            "frozen": ", ".join(name for _, name in found[:6]),
            "learning": ", ".join(learning[:6]),
            "share of the targets' spread that the network explains": late_answers(case).explained,
            "that simple answers explain": all_answers(case).attainable,
        },
        because="a frozen weight has no gradient and no update, and what is left cannot turn what it gives into the "
        "answers",
        fix="parameter.requires_grad_(True) for the layers that are to learn, before the optimizer is made",
        attempts=(Intervention("train"),),
    )


def _frozen(seen: Seen) -> list[tuple[Call, str]]:
    """Layers whose weight is in a module and has no gradient."""
    found = []
    for call in seen.step.calls:
        weight = call.arguments.get("weight")
        if call.rule in LAYERS and weight is not None and weight.kind == "data" and "." in weight.name:
            found.append((call, weight.name))
    return found
