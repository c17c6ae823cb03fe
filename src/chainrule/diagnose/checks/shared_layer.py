"""Layers in a row have weights of their own.

Law: [layer] * 4 is a list of four times the same object. Its weight then gets the sum of four gradients,
∂L/∂W = Σ ∂L/∂W[use], and one weight has to serve in four places.

It is told from a layer that is used again on purpose by its siblings: whoever runs through a container (Sequential,
ModuleList) several times calls all its children equally often, and a recurrent layer takes new data at each step. The
finding: a child of a container, with parameters, whose output comes back to it through nothing but other calls, more
often than its siblings are called; or an only child that is called several times so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.step import Call, Value


def check(case: Case) -> Iterator[Finding]:
    for seen in case.steps[:1]:
        for name, uses in _uses(seen).items():
            owner = name.rpartition(".")[0]
            if len(uses) < 2 or not _repeated(seen, owner) or not _in_a_row(seen, uses):
                continue
            yield Finding(
                slug="shared-layer",
                title=f"{owner} stands {len(uses)} times in a row: one layer, not {len(uses)}",
                where=Where.of_layer(uses[0], name),
                steps=(seen.index, case.last),
                evidence={"uses in one forward pass": len(uses), "parameter": name},
                because="its gradient is the sum of what all places ask for, and one set of weights has to do for "
                "all of them",
                fix="a new layer for each place: [nn.Linear(n, n) for _ in range(k)]",
                diff="-    [nn.Linear(n, n)] * k\n+    [nn.Linear(n, n) for _ in range(k)]",
            )
            return


def _uses(seen: Seen) -> dict[str, list[Call]]:
    """By weight matrix in a numbered place of a container, the calls that use it."""
    found: dict[str, list[Call]] = {}
    for call in seen.calls:
        for value in call.values:
            if value.kind == "parameter" and len(value.shape) > 1 and _child(value.name.rpartition(".")[0]):
                found.setdefault(value.name, []).append(call)
    return found


def _child(path: str) -> tuple[str, str] | None:
    """(container, number) of the innermost numbered place in a module's path."""
    parts = path.split(".")
    at = next((i for i in reversed(range(len(parts))) if parts[i].isdigit()), None)
    return None if at is None else (".".join(parts[:at]), parts[at])


def _repeated(seen: Seen, owner: str) -> bool:
    """Whether the child is called more often than a sibling, or has none and is called several times."""
    place = _child(owner)
    if place is None:
        return False
    first: dict[str, Counter[str]] = {}  # child: calls by module and name, so that a child of many calls counts once
    for call in seen.calls:
        here = _child(call.module)
        if here is not None and here[0] == place[0]:
            first.setdefault(here[1], Counter())[f"{call.module} {call.name}"] += 1
    counts = {child: max(counter.values()) for child, counter in first.items()}
    mine = counts.pop(place[1], 0)
    return mine > 1 and (not counts or mine > min(counts.values()))


def _in_a_row(seen: Seen, uses: list[Call]) -> bool:
    """Whether each use takes what the use before it led to, and no new data."""
    return all(_leads_to(seen, before, after) for before, after in pairwise(uses))


def _leads_to(seen: Seen, before: Call, after: Call) -> bool:
    todo: list[Value] = list(after.values)
    done: set[int] = set()
    reached = False
    while todo:
        value = todo.pop()
        made = seen.producer(value)
        if made is before:
            reached = True
        elif made is not None and made.index > before.index and made.index not in done:
            done.add(made.index)
            todo += made.values
        elif value.kind == "data" and value.shape and not value.owned:
            return False
    return reached
