"""What is frozen leaves enough to learn with.

Law: requires_grad = False takes a weight out of step 3 and 4. A body that has been trained before may be frozen: its
head learns. If what is left cannot fit the targets (a body of random numbers, only biases, a head frozen by mistake),
the loss falls as far as those can bring it and stays.

The finding: weights of layers between data and loss are frozen, and nothing was learnt (motion.py). A frozen body
behind which a head learns is no fault; nor is a network that stays as it is while its input is changed (an attack, a
picture of what a unit sees): what learns there is no weight of a module, and counts only where all layers that are
frozen are as they were drawn. So it is with layers in front of the first that learns: what was trained before has other
weights. But where no layer learns at all, only a scale or biases, all that is frozen counts.

The place is the line that froze the weights, where that was seen, else the layer that takes them.
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.diagnose.answers import all_answers, late_answers
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.diagnose.motion import came_to_nothing
from chainrule.step import Line

LAYERS = {"linear", "addmm", "conv1d", "conv2d", "conv3d", "embedding"}


def check(case: Case) -> Iterator[Finding]:
    if not case.steps or not came_to_nothing(case):
        return
    seen = case.steps[-1]
    drawn = _as_drawn(case)
    found = _frozen(seen, drawn)
    learning = [name for name, value in seen.step.parameters.items() if value.owned]
    untrained = {name.rpartition(".")[0] for name in found} <= {name.rpartition(".")[0] for name in drawn}
    if not found or not (learning or untrained):
        return
    learning = learning or list(seen.step.parameters)
    name, place = next(iter(found.items()))
    began = case.steps[0].step.frozen.get(name)
    by = began.by if began is not None else Line()
    yield Finding(
        slug="frozen",
        title=f"{len(found)} {'layer is' if len(found) == 1 else 'layers are'} frozen, and the rest does not learn",
        where=Where.at(by, "requires_grad", place.module, name) if by.file else place,
        steps=(case.steps[0].index, seen.index),
        evidence={
            "layer": str(Line(place.file, place.line)),
            "frozen": ", ".join(list(found)[:6]),
            "learning": ", ".join(learning[:6]),
            "share of the targets' spread that the network explains": late_answers(case).explained,
            "that simple answers explain": all_answers(case).attainable,
        },
        because="a frozen weight has no gradient and no update, and what is left cannot turn what it gives into the "
        "answers",
        fix="parameter.requires_grad_(True) for the layers that are to learn, before the optimizer is made",
        attempts=(Intervention("train"),),
    )


def _as_drawn(case: Case) -> set[str]:
    """The frozen weights that are as they were drawn."""
    known = [*case.steps[0].step.frozen.items(), *case.steps[-1].step.frozen.items()]
    return {name for name, frozen in known if frozen.drawn}


def _frozen(seen: Seen, drawn: set[str]) -> dict[str, Where]:
    """Weights of modules that have no gradient, each with its layer; those in front of the graph first, if they are as
    they were drawn or no layer learns. What was
    trained earlier in the step is only kept still for a while, as a critic is while its generator learns."""
    no_layer_learns = all(len(value.shape) < 2 for value in seen.step.parameters.values())
    found = {
        name: Where.at(frozen.at, "", name.rpartition(".")[0], name)
        for name, frozen in seen.step.frozen.items()
        if name in drawn or no_layer_learns
    }
    for call in seen.step.calls:
        weight = call.arguments.get("weight")
        if call.rule in LAYERS and weight is not None and weight.kind == "data" and weight.owned:
            found[weight.name] = Where.of_layer(call, weight.name)
    return {name: place for name, place in found.items() if name not in seen.changes}
