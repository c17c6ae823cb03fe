"""What a parameter computed reaches the loss with its graph.

Law: the chain rule goes back only over calls that are in autograd's graph. Where the very numbers that a layer with
parameters computed enter the path to the loss as *data*, the graph was cut in between (detach(), .data, .item(),
torch.tensor(…), no_grad, NumPy), and ∂L/∂w of everything before is not 0 but not there at all.

Entering is seen where the call that cuts was noted (Step.asides), or by the same numbers, bit for bit, more than one
and not all the same; where numbers are computed anew from them (item(), argmax), by there being no weight on the path
at all. It must be so in every step looked at; a layer that is used with its graph as well (an advantage that is
detached in one loss and trained by another) is no fault; unless its result goes through a list or NumPy, and is used
for nothing else; unless nothing was learnt, and the only way from the data to the answers leads through what is taken
as numbers; unless it is the slope by the inputs, asked for without a graph of its own (create_graph=True). Nor is it
one where a step makes its next weights by hand, detached from those before: w − ηg, elementwise, of one weight.

So it is with a parameter itself: where the forward takes only its number (`x * self.scale.item()`), an optimizer waits
for a gradient that cannot come.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch

from chainrule.breakdown.flow import norm
from chainrule.breakdown.verify import dense
from chainrule.diagnose.answers import each_answers, falls_short_in, late_answers
from chainrule.diagnose.case import Case, Seen, same_numbers, tells
from chainrule.diagnose.checks.added_as_number import READS
from chainrule.diagnose.comparison import comparisons
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import MOVES_ONLY, Intervention, uncut
from chainrule.diagnose.motion import KNOWS, came_to_nothing
from chainrule.step import Aside, Backward, Call, Line, Value

LAYERS = {
    *("F.linear", "F.embedding", "F.conv1d", "F.conv2d", "F.conv3d", "torch.gru", "torch.lstm", "torch.rnn_tanh"),
    *("torch.conv1d", "torch.conv2d", "torch.conv3d", "torch.rnn_relu", "torch.matmul", "Tensor.matmul"),
}

UPDATES = {"sub", "add", "mul", "div", "rsub", "neg", "lerp", "addcmul", "addcdiv", "clone"}
WITHOUT_GRAPH = "torch.autograd.grad without create_graph=True"
NOTHING = 0.05  # of the targets' spread
FEWEST = 2  # steps, before a parameter is said to be taken as a number


class Cut(NamedTuple):
    """Where the graph is cut and by what, the call on the path that takes the numbers, and how many calls are lost."""

    where: Where
    name: str
    used: Call | None
    lost: int
    attempts: tuple[Intervention, ...] = ()


def check(case: Case) -> Iterator[Finding]:
    wanted = [seen for seen in case.steps if _idle(seen)]  # where an optimizer waits for what is lost, if one does
    later = case.steps[1:]  # a first look at the model in front of the loop belongs to the first step
    cut = _in_all(wanted or case.steps, case) or (_in_all(later, case) if len(later) > 1 else None)
    if cut is None:
        yield from _taken_as_number(case)
        return
    used = cut.used
    yield Finding(
        slug="cut-graph",
        title=f"the graph is cut at {cut.name}: nothing {'before it' if cut.lost else 'on this way'} is trained",
        where=cut.where,
        steps=(case.steps[0].index, case.last),
        evidence={
            **({"its result enters as data": f"{used.name} ({used.where.rpartition('/')[2]})"} if used else {}),
            **({"calls with parameters that no gradient reaches": cut.lost} if cut.lost else {}),
            **({} if cut.used or cut.lost else {"loss, first and last": [case.outcome.first, case.outcome.last]}),
        },
        because="its numbers arrive at the loss, but without the calls that made them, so the chain rule ends there: "
        "the weights before have no gradient by this way",
        fix="torch.autograd.grad(…, create_graph=True): then the slope has a graph of its own"
        if cut.name == WITHOUT_GRAPH
        else "take out what cuts: detach(), .data, .item(), argmax, no_grad, NumPy, torch.tensor(…)",
        diff="-    x = x.detach()" if cut.name.endswith("detach") else "",
        attempts=cut.attempts,
    )


def _taken_as_number(case: Case) -> Iterator[Finding]:
    """Parameters that an optimizer waits for in every step, and of which every step takes only the numbers."""
    first = [aside for aside in case.steps[0].step.asides if _enters(aside, case.steps[0])] if case.steps else []
    for aside in first:
        if len(case.steps) < FEWEST or not all(_enters(aside, seen) for seen in case.steps):
            continue
        if aside.off.file and late_answers(case).explained > KNOWS:  # a body that is meant to stay as it is
            continue
        started = case.steps[0].step.values[aside.source or 0]
        size = norm(started.tensor) if started.tensor is not None else math.nan
        yield Finding(
            slug="cut-graph",
            title=f"{aside.leaf} enters by {aside.name} without gradients, as plain numbers: it is never trained",
            where=Where.at(aside.off if aside.off.file else aside.at, aside.name, aside.module, aside.leaf),
            steps=(case.steps[0].index, case.last),
            evidence={
                "parameter": f"{aside.leaf}, of {case.steps[0].optimizer_of(started.index).optimizer}",  # type: ignore[union-attr]
                "steps in which it had no gradient": len(case.steps),
                "its size, which stays": size,
            },
            because="its number arrives at the loss, but not the parameter, so the chain rule ends at the number: the "
            "optimizer has the parameter, and no gradient ever comes to it",
            fix=f"compute with the parameter itself: without {aside.name.removeprefix('Tensor.')}",
            diff="-    return x * self.scale.item()\n+    return x * self.scale",
            attempts=uncut(aside.name, aside.at),
        )
        return


def _enters(aside: Aside, seen: Seen) -> bool:
    """Whether this step, too, takes a parameter's number only, and computes with it as far as that can be seen."""
    for other in seen.step.asides:
        if other.leaf and (other.leaf, other.name, other.at) == (aside.leaf, aside.name, aside.at):
            read = other.name.rpartition(".")[2] in READS
            return read or other.result in {value.index for call in seen.calls for value in call.values}
    return False


def _in_all(steps: list[Seen], case: Case) -> Cut | None:
    """The first step's cut, if there is one in each."""
    found = [_cut(seen, case) for seen in steps]
    return found[0] if found and all(found) else None


def _idle(seen: Seen) -> set[int]:
    """The parameters that an optimizer has, and that no gradient reaches although calls of the step have them."""
    off = [value.index for call in _off(seen) for value in call.values if _is_weight(value)]
    return {index for made in seen.step.updates for index in made.idle} & set(off)


def _off(seen: Seen) -> list[Call]:
    """The calls with weights from which no gradient comes back; not those that made the next weights by hand."""
    on_path, updates = set(seen.calls), _updates(seen)
    off = (call for call in seen.step.calls if call not in on_path and call not in updates)
    return [call for call in off if _depends_on_weights(call, seen)]


def _updates(seen: Seen) -> set[Call]:
    """Those of w − ηg, detached and made a weight of the next forward: elementwise, of one weight of its shape."""
    found: set[Call] = set()
    for aside in seen.step.asides:
        made = seen.step.values[aside.result] if aside.result is not None else None
        source = seen.step.values[aside.source] if aside.source is not None else None
        if made is None or source is None or not _is_weight(made):
            continue
        before = seen.made_of(source, off_path=True)
        weights = [value for value in before if _is_weight(value)]
        calls = {seen.makers[value.index] for value in before if value.index in seen.makers}
        if len(weights) == 1 and weights[0].shape == made.shape and {call.rule for call in calls} <= UPDATES:
            found |= calls
    return found


def _cut(seen: Seen, case: Case) -> Cut | None:
    off = _off(seen)
    if not off:
        found = _read_back(seen) or _slope_as_data(seen) or (_without_graph(seen) if came_to_nothing(case) else None)
        each = each_answers(case)
        alone = len(each) == 1 and came_to_nothing(case)
        short = [k for k, both in enumerate(each) if alone or falls_short_in(both, case)]
        nothing = [k for k, both in enumerate(each) if both.late.explained < NOTHING]
        cuts = (_without_inputs(seen, k, itself) for ks, itself in ((short, False), (nothing, True)) for k in ks)
        return found or next(filter(None, cuts), None)
    lost = sum(any(_is_weight(value) for value in call.values) for call in off)
    anew = _new_leaf(off, seen)
    if anew is not None:
        return Cut(Where.of(anew), anew.name, None, lost, uncut(anew.name, Line(anew.file, anew.line)))
    made_off = {value.index: call for call in off for value in call.outputs}
    asides = [aside for aside in seen.step.asides if aside.source in made_off]
    # A discriminator is trained on what is detached, and rightly so: a pass that trained nothing comes first.
    # One whose gradients no optimizer has a use for at all has another fault: its weights are in none.
    useful = (
        one for one in seen.step.backwards if not seen.moved or _names(one.received, seen) & _names(seen.moved, seen)
    )
    passes = sorted(useful, key=lambda one: _trained(one, seen))
    for used in dict.fromkeys(call for one in passes for call in one.calls):
        for value in used.values:
            aside = next((one for one in asides if one.result == value.index), None)
            if aside is not None:
                return _by(aside, used, lost, seen)
            if value.kind == "data" and tells(value):
                for made in reversed(off):
                    if same_numbers(made.output, value):
                        aside = next((one for one in asides if one.source == made.output.index), None)
                        return (
                            Cut(Where.of(made), made.name, used, lost)
                            if aside is None
                            else _by(aside, used, lost, seen)
                        )
    # Numbers that went through NumPy are others; but an optimizer waits for the weights that made them.
    moved = [aside for aside in asides if aside.name in (*MOVES_ONLY, "Tensor.numpy", "Tensor.tolist")]
    if moved and _idle(seen):
        return _by(moved[-1], None, lost, seen)
    # Those that went through Python or argmax, too; but then no weight is left at all.
    if any(_is_weight(value) for call in seen.calls for value in call.values if value.owned):
        return None
    if asides:
        return _by(asides[-1], None, lost, seen)
    own = [value for value in seen.calls[0].values if _is_weight(value)] if seen.calls else []
    made_anew = bool(own) and _idle(seen) and not seen.moved
    return Cut(Where.of(seen.calls[0]), "a tensor that was made anew", None, lost) if made_anew else None


def _by(aside: Aside, used: Call | None, lost: int, seen: Seen) -> Cut:
    """By this call, or by the block in which gradients are switched off for it."""
    if not aside.off.file:
        return Cut(Where.at(aside.at, aside.name, aside.module), aside.name, used, lost, uncut(aside.name, aside.at))
    lines = sorted({(one.at.file, one.at.line) for one in seen.step.asides if one.off == aside.off})
    tried = (Intervention("graph", {"lines": lines}),)
    return Cut(Where.at(aside.off, "torch.no_grad", aside.module), f"no_grad around {aside.name}", used, lost, tried)


def _read_back(seen: Seen) -> Cut | None:
    """A result that no gradient reaches, read as Python's or NumPy's numbers, of which a part of the loss is made: a
    new tensor of them is nobody's wish, while detach() is."""
    for aside in seen.step.asides:
        source = seen.step.values[aside.source] if aside.source is not None else None
        lost = source is not None and source.kind == "result" and source.index not in seen.step.gradients
        used = next((call for call in seen.calls for value in call.values if value.index == aside.result), None)
        if source is None or not lost or used is None or aside.name.rpartition(".")[2] not in READS - {"detach"}:
            continue
        if any(map(_is_weight, seen.made_of(source, off_path=True))):
            return _by(aside, used, 0, seen)
    return None


def _slope_as_data(seen: Seen) -> Cut | None:
    """What torch.autograd.grad gave as the slope by inputs, taken into the loss number for number: without
    create_graph=True it has no graph."""
    data = [(call, v) for call in seen.calls for v in call.values if v.kind == "data" and not v.owned and tells(v)]
    for one in seen.step.backwards:
        for index, slope in one.received.items() if one.returned else ():
            asked = seen.step.values[index]
            numbers = slope.flatten()
            same = (call for call, v in data if v.tensor is not None and torch.equal(v.tensor.flatten(), numbers))
            used = next(same, None) if not asked.owned and one.at.file else None
            if used is not None:
                return Cut(Where.at(one.at, "torch.autograd.grad"), WITHOUT_GRAPH, used, 0)
    return None


def _new_leaf(off: list[Call], seen: Seen) -> Call | None:
    """The call that makes a new leaf of a result (torch.tensor(loss, requires_grad=True)), where a pass ends."""
    ends = {value.index for call in seen.calls for value in call.values}
    ends |= {root.index for one in seen.step.backwards for root in one.roots}
    for call in off:
        leaves = {value.index for value in call.outputs if value.kind == "parameter"} - {v.index for v in call.values}
        if leaves & ends and any(value.kind == "result" for value in call.values):
            return call
    return None


def _names(indices: Iterable[int], seen: Seen) -> set[str]:
    """Of parameters, whatever they were written to within the step."""
    return {seen.step.values[index].name.partition("#")[0] for index in indices}


def _trained(one: Backward, seen: Seen) -> bool:
    """Whether an optimizer used what this pass brought to a parameter."""
    pairs = [(dense(g), dense(seen.moved[i].gradient)) for i, g in one.received.items() if i in seen.moved]
    return any(torch.allclose(g, used.to(g.dtype)) for g, used in pairs if g.any())


def _without_graph(seen: Seen) -> Cut | None:
    """A layer that is called without a graph, while an optimizer waits for its weights."""
    modules = {call.module for call in seen.calls}
    layers = [a for a in seen.step.asides if a.name in LAYERS and a.module not in modules and a.leaf]
    return _by(layers[-1], None, len(layers), seen) if layers else None


def _without_inputs(seen: Seen, which: int, itself: bool) -> Cut | None:
    """A result of the data that is taken as numbers, where no way but that one leads from the data to the answers: the
    layers in front have other gradients (of a penalty), and none that says what the answers need. Or only where the
    data are the target `itself`, as an autoencoder's are."""
    compared = comparisons(seen)
    if which >= len(compared):
        return None
    answered_of = seen.made_of(compared[which].prediction)
    entered = {value.index for value in answered_of}
    for aside in sorted(seen.step.asides, key=lambda one: one.result not in entered):
        source = seen.step.values[aside.source] if aside.source is not None else None
        taken = source is not None and source.kind == "result" and source.numel > 1
        if not taken or source is None or aside.name not in MOVES_ONLY:
            continue
        given = {value for value in seen.made_of(source) if value.kind == "data" and not value.owned and tells(value)}
        if given and not given & answered_of and (not itself or compared[which].target in given):
            return _by(aside, None, 0, seen)
    return None


def _depends_on_weights(call: Call, seen: Seen) -> bool:
    """Whether a parameter led to this result, and none of it reaches the loss another way."""
    weights = [value for value in seen.made_of(*call.values, off_path=True) if _is_weight(value)]
    return bool(weights) and not any(_is_reached(value, seen) for value in weights)


def _is_reached(value: Value, seen: Seen) -> bool:
    """By a gradient of the step, as it is or as it was before an update within the step."""
    if value.index in seen.step.gradients:
        return True
    made = (change.after for change in seen.changes.values() if change.before.shape == value.shape)
    t = value.tensor
    return t is not None and any(after is not None and torch.equal(after, t.to(after.dtype)) for after in made)


def _is_weight(value: Value) -> bool:
    return value.kind == "parameter"
