"""Every part of the loss is added with its graph.

Law: ∂(a + c)/∂w = ∂a/∂w for a number c. A part of the loss that is read as a plain number before it is added (`loss +
0.3 * other.item()`, `torch.tensor([part.item() for part in parts]).mean()`) shows in the loss and trains nothing.

The finding: in every step looked at a number that is added on the path to the loss is the same multiple of a result
that no gradient reaches and that the script reads, or of the sum of all that come of its line; and it differs from step
to step. Where nearly all of the loss is data, constant_term.py tells of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import uncut
from chainrule.step import Line, Value

READS = {"item", "tolist", "numpy", "__float__", "__array__", "detach"}  # what is made of the number is not seen
FEWEST = 2  # steps, before numbers are said to go together
SAME = 1e-4  # multiples, of a number in float32 that went through Python


def check(case: Case) -> Iterator[Finding]:
    if len(case.steps) <= FEWEST:
        return
    multiples = [_multiples(seen) for seen in case.steps]
    for key, (first, _) in multiples[0].items():
        found = [step[key] for step in multiples if key in step]
        numbers = [number for _, number in found]
        if len(found) < len(multiples) or max(numbers) - min(numbers) <= SAME * abs(max(numbers)):
            continue
        if all(math.isclose(multiple, first, rel_tol=SAME) for multiple, _ in found):
            at, name, added = key
            yield Finding(
                slug="added-as-number",
                title=f"a part of the loss is added by {name}, as a plain number: it trains nothing",
                where=Where.at(at, name),
                steps=(case.steps[0].index, case.last),
                evidence={"its share in the loss": f"{first:.3g} times it, at {added.rpartition('/')[2]}"},
                because="the loss has the right value, but the number has no graph: ∂L/∂w of what it came from is not "
                "computed",
                fix=f"add the tensor itself, without {name.removeprefix('Tensor.')}",
                diff="-    loss = first + 0.3 * second.item()\n+    loss = first + 0.3 * second",
                attempts=uncut(name, at),
            )
            return


def _multiples(seen: Seen) -> dict[tuple[Line, str, str], tuple[float, float]]:
    """(multiple, number) for each read of a result that no gradient reaches, and each number added on the path: by the
    read's place and name, and where it is added."""
    added = {
        call.where: number
        for call in seen.calls
        for argument in (call.arguments.values() if call.rule in ("add", "sub") else ())
        if (number := _plain(argument))
    }
    found = {}
    for aside in seen.step.asides if added else ():
        value = seen.step.values[aside.source] if aside.source is not None else None
        if value is None or value.kind != "result" or value.numel != 1 or value.index in seen.step.gradients:
            continue
        number = _together(seen, value)
        if aside.name.rpartition(".")[2] in READS and math.isfinite(number) and number:
            for where, other in added.items():
                found[aside.at, aside.name, where] = (other / number, number)
    return found


def _plain(argument: object) -> float:
    """The number that this is, or that data of one number hold; 0 where it is none."""
    if isinstance(argument, Value):
        one = argument.kind == "data" and not argument.owned and argument.numel == 1 and argument.tensor is not None
        return float(argument.tensor) if one and argument.dtype.is_floating_point else 0.0  # type: ignore[arg-type]
    return argument if isinstance(argument, float) else 0.0


def _together(seen: Seen, value: Value) -> float:
    """The sum of the results that this line gives in this step without a gradient: one, or one for each sample."""
    made = next((call for call in seen.step.calls if value in call.outputs), None)
    calls = [c for c in seen.step.calls if made is not None and (c.rule, c.where) == (made.rule, made.where)]
    results = [one for c in calls for one in c.outputs if one.index not in seen.step.gradients] or [value]
    numbers = [float(one.tensor) if one.tensor is not None and one.numel == 1 else math.nan for one in results]
    return math.fsum(numbers)
