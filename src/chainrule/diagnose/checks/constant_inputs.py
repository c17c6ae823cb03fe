"""The samples differ.

Law: a network is a function: equal inputs get equal answers. If all samples that it is given are the same numbers,
while their targets are not, the best it can do is the mean target, and the samples' gradients cancel there.

The threshold is none: every tensor of data on the way to the prediction has the same numbers in each of its rows, in
all steps looked at, at least FEWEST samples, and the targets differ. Or nearly: all but FEW of the samples of all steps
are the same, and the network explains next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from chainrule.diagnose.answers import late_answers
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.comparison import comparisons
from chainrule.diagnose.finding import Finding, Where
from chainrule.step import Call, Value

FEWEST = 4
FEW = 0.02  # of the samples
NOTHING = 0.1  # of the targets' spread, explained
SAMPLES = 100


def check(case: Case) -> Iterator[Finding]:
    found = _all_the_same(case) or _nearly(case)
    if found is not None:
        yield found


def _all_the_same(case: Case) -> Finding | None:
    rows: list[torch.Tensor] = []
    targets: list[torch.Tensor] = []
    place: Call | None = None
    for seen in case.steps:
        compared = comparisons(seen)
        found = _inputs(seen, compared[0].target) if len(compared) == 1 else []
        target = compared[0].target.tensor if found else None
        found = [(c, v) for c, v in found if v is seen.batch.data or v.tensor is None or not _is_one_number(v.tensor)]
        if target is None or not target.dim() or len(found) != 1:
            return None
        call, value = found[0]
        if value.tensor is None or len(value.tensor) != len(target) or value.tensor.numel() == 0:
            return None
        flat = value.tensor.reshape(len(target), -1)
        if bool((flat != flat[0]).any()) or (rows and not torch.equal(rows[0], flat[0])):
            return None
        rows.append(flat[0])
        targets.append(target.reshape(len(target), -1))
        place = place or call
    if place is None or sum(map(len, targets)) < FEWEST or bool((torch.cat(targets) == targets[0][0]).all()):
        return None
    return _finding(case, place, 1.0, torch.cat(targets), rows[0])


def _nearly(case: Case) -> Finding | None:
    """All but a few of the samples are the same, and nothing was learnt."""
    if not late_answers(case).explained < NOTHING:
        return None
    rows: list[torch.Tensor] = []
    targets: list[torch.Tensor] = []
    place: Call | None = None
    for seen in case.steps:
        compared = comparisons(seen)
        target = compared[0].target.tensor if len(compared) == 1 else None
        if target is None or not target.dim():
            return None
        given = [(c, v) for c, v in _inputs(seen, compared[0].target) if v.shape[0] == len(target)]
        if not given or any(v.tensor is None for _, v in given):
            return None
        rows.append(
            torch.cat([v.tensor.reshape(len(target), -1).double() for _, v in given if v.tensor is not None], 1)
        )
        targets.append(target.reshape(len(target), -1))
        place = place or given[0][0]
    if place is None or len({part.shape[1] for part in rows}) > 1 or sum(map(len, rows)) < SAMPLES:
        return None
    whole = torch.cat(rows)
    usual = whole.mode(0).values
    share = float((whole == usual).all(1).double().mean())
    if share >= 1 - FEW and bool((torch.cat(targets) != targets[0][0]).any()):
        return _finding(case, place, share, torch.cat(targets), usual)
    return None


def _finding(case: Case, place: Call, share: float, targets: torch.Tensor, row: torch.Tensor) -> Finding:
    return Finding(
        slug="constant-inputs",
        title="every sample that the network is given is the same" + ("" if share == 1 else ", or nearly"),
        where=Where.of(place),
        steps=(case.steps[0].index, case.last),
        evidence={
            "samples": len(targets),
            **({"different samples": 1} if share == 1 else {"share that are the same": share}),
            "different targets": len(torch.unique(targets, dim=0)),
            "numbers of a sample": row.flatten()[:4].tolist(),
        },
        because="equal inputs give equal answers and equal local derivatives: only the mean target can be learnt",
        fix="look at what the data set gives for different indices, and at what scales or clips the inputs",
    )


def _is_one_number(t: torch.Tensor) -> bool:
    """As a recurrent net's first state is, all 0."""
    return t.numel() > 0 and bool((t == t.flatten()[0]).all())


def _inputs(seen: Seen, target: Value) -> list[tuple[Call, Value]]:
    """The data that enters the network: not the target, no buffer, no plain number."""
    found: dict[int, tuple[Call, Value]] = {}
    for call in seen.calls:
        if "target" in call.arguments:
            continue
        for value in call.values:
            if value.kind == "data" and value is not target and value.shape and not value.owned:
                found.setdefault(value.index, (call, value))
    return list(found.values())
