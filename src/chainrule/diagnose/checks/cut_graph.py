"""What a parameter computed reaches the loss with its graph.

Law: the chain rule goes back only over calls that are in autograd's graph. Where the very numbers that a layer with
parameters computed enter the path to the loss as *data*, the graph was cut in between (detach(), .data, .item(),
torch.tensor(…), no_grad, NumPy), and ∂L/∂w of everything before is not 0 but not there at all.

The same numbers means bit for bit, more than one, and not all the same, in every step looked at; a layer that is used
with its graph as well (an advantage that is detached in one loss and trained by another) is no fault.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.step import Call, Value


def check(case: Case) -> Iterator[Finding]:
    found = [_cut(seen) for seen in case.steps]
    if not found or not all(found):
        return
    made, used = found[0]  # type: ignore[misc]  # all are there
    seen = case.steps[0]
    lost = [call for call in seen.step.calls if call not in seen.calls and any(_is_weight(v) for v in call.values)]
    yield Finding(
        slug="cut-graph",
        title=f"the graph is cut behind {made.name}: nothing before it is trained",
        where=Where.of(made),
        steps=(case.steps[0].index, case.last),
        evidence={
            "its result enters as data": f"{used.name} ({used.where.rpartition('/')[2]})",
            "calls with parameters that no gradient reaches": len(lost),
        },
        because="its numbers arrive at the loss, but without the calls that made them, so the chain rule ends there: "
        "the weights before have no gradient at all",
        fix="take out what lies between the two lines and cuts: detach(), .data, .item(), no_grad, torch.tensor(…)",
        diff="-    x = x.detach()",
    )


def _cut(seen: Seen) -> tuple[Call, Call] | None:
    """The last call off the path whose very numbers are data on it, and the call that takes them."""
    on_path = set(seen.calls)
    off = [call for call in seen.step.calls if call not in on_path and _depends_on_weights(call, seen)]
    for used in seen.calls:
        for value in used.values:
            if value.kind == "data" and _tells(value):
                for made in reversed(off):
                    if _same(made.output, value):
                        return made, used
    return None


def _depends_on_weights(call: Call, seen: Seen) -> bool:
    """Whether a parameter led to this result, and none of it reaches the loss another way."""
    made_by = {value.index: one for one in seen.step.calls for value in one.outputs}
    todo, weights = [call], []
    done: set[int] = set()
    while todo:
        one = todo.pop()
        if one.index in done:
            continue
        done.add(one.index)
        for value in one.values:
            weights += [value] if _is_weight(value) else []
            todo += [made_by[value.index]] if value.index in made_by else []
    return bool(weights) and not any(value.index in seen.step.gradients for value in weights)


def _is_weight(value: Value) -> bool:
    return value.kind == "parameter"


def _tells(value: Value) -> bool:
    """Whether two tensors with these numbers are hardly so by chance."""
    return value.tensor is not None and value.numel > 1 and bool((value.tensor != value.tensor.flatten()[0]).any())


def _same(made: Value, used: Value) -> bool:
    known = made.tensor is not None and used.tensor is not None and made.numel == used.numel
    return known and torch.equal(made.tensor.flatten(), used.tensor.flatten().to(made.dtype))  # type: ignore[union-attr]
