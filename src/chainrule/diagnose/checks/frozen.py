"""What is frozen leaves enough to learn with.

Law: requires_grad = False takes a weight out of step 3 and 4. A body that has been trained before may be frozen: its
head learns. If what is left cannot fit the targets (a body of random numbers, only biases, a head frozen by mistake),
the loss falls as far as those can bring it and stays.

The finding: weights of layers between data and loss are frozen, and nothing was learnt (motion.py). A frozen body
behind which a head learns is no fault; nor is a network that stays as it is while its input is changed (an attack, a
picture of what a unit sees). Of layers in front of the first that learns only those count that are as torch drew them,
evenly from −1/√n to 1/√n for n inputs: what was trained before has other weights.
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.diagnose.answers import all_answers, late_answers
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.motion import came_to_nothing

LAYERS = {"linear", "addmm", "conv1d", "conv2d", "conv3d", "embedding"}


def check(case: Case) -> Iterator[Finding]:
    if not case.steps or not came_to_nothing(case):
        return
    seen = case.steps[-1]
    found = _frozen(seen)
    learning = [name for name in seen.step.parameters if "." in name]
    if not found or not learning:
        return
    place = found[0][1]
    yield Finding(
        slug="frozen",
        title=f"{len(found)} {'layer is' if len(found) == 1 else 'layers are'} frozen, and the rest does not learn",
        where=place,
        steps=(case.steps[0].index, seen.index),
        evidence={
            "frozen": ", ".join(name for name, _ in found[:6]),
            "learning": ", ".join(learning[:6]),
            "share of the targets' spread that the network explains": late_answers(case).explained,
            "that simple answers explain": all_answers(case).attainable,
        },
        because="a frozen weight has no gradient and no update, and what is left cannot turn what it gives into the "
        "answers",
        fix="parameter.requires_grad_(True) for the layers that are to learn, before the optimizer is made",
        attempts=(Intervention("train"),),
    )


def _frozen(seen: Seen) -> list[tuple[str, Where]]:
    """Weights of modules that have no gradient, each with its layer; those in front of the graph first."""
    found = [
        (name, Where.at(at, "", name.rpartition(".")[0], name)) for name, at in seen.step.frozen.items() if "." in name
    ]
    for call in seen.step.calls:
        weight = call.arguments.get("weight")
        if call.rule in LAYERS and weight is not None and weight.kind == "data" and "." in weight.name:
            found.append((weight.name, Where.of(call, weight.name)))
    return found
