"""What an answer depends on is within its reach.

Law: where every call from the data to the answers acts on each place of a sequence by itself (a table's row, a linear
layer, a bend), the answer at a place is a function of what stands at this place, and ∂ŷ[t]/∂x[s] = 0 for s ≠ t: what
the neighbours say is never asked. Equal places get equal answers, so that no weights explain more of the targets than
the mean target of equal places does.

The finding: all calls act so; what stands at a place explains TOLD less of the targets' spread than it does together
with its neighbours, each measured on places that were left out (measure.grouped of symbols, else affine or nearest),
and the network explains no more than the former. Where the targets are the next symbols, only those before count.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from chainrule.diagnose.answers import MOST, STEPS
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.comparison import comparisons
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.layers import calls_by_place, is_layer
from chainrule.diagnose.measure import affine, explained, grouped, nearest

Tensor = torch.Tensor

TOLD = 0.3  # of the targets' spread
CHANCE = 0.1  # that a network which learns places by heart explains beyond
FEWEST = 100  # places


def check(case: Case) -> Iterator[Finding]:
    if len(case.losses) < STEPS or not case.steps:
        return
    compared = comparisons(case.steps[-1])
    calls = calls_by_place(case.steps[-1], compared[0].prediction) if len(compared) == 1 else []
    layers = [call for call in calls if is_layer(call)]
    places = [found for seen in case.steps if (found := _places(seen)) is not None] if layers else []
    if not places or len({(x.shape[1:], t.shape[2:]) for x, t, _ in places}) != 1:
        return
    x, t = _distinct(torch.cat([x for x, _, _ in places]), torch.cat([t for _, t, _ in places]))
    if len(x) * x.shape[1] < FEWEST:
        return
    late = places[len(places) // 2 :]
    given = explained(
        torch.cat([g for _, _, g in late]).flatten(0, 1), torch.cat([t for _, t, _ in late]).flatten(0, 1)
    )
    before, after = _shifted(x, 1), _shifted(x, -1)
    own = _told([x], t)
    seen_with = {"the place before": [before, x]}
    if not _is_next(x, t):
        seen_with |= {"the place after": [x, after], "both": [before, x, after]}
    told = {name: _told(parts, t) for name, parts in seen_with.items()}
    best = max(told, key=lambda name: told[name])
    if told[best] < max(own, given) + TOLD or given > own + CHANCE:
        return
    yield Finding(
        slug="no-context",
        title="the answer at a place depends on this place alone, and the targets on its neighbours",
        where=Where.of(layers[-1]),
        steps=(case.steps[0].index, case.last),
        evidence={
            "share of the targets' spread that the network explains": given,
            "that what stands at the place explains": own,
            f"that it explains together with its neighbours ({best})": told[best],
        },
        because="every layer acts on each place by itself, so that the derivative of an answer by what stands at "
        "another place is 0: equal places get equal answers, and their gradients cancel where the targets differ",
        fix="a layer that takes from several places before the last one: a convolution over them, a recurrent layer, "
        "attention",
        diff="-    h = self.embedding(x)\n+    h, _ = self.rnn(self.embedding(x))",
    )


def _places(seen: Seen) -> tuple[Tensor, Tensor, Tensor] | None:
    """(samples, places, …): inputs, targets and answers, where each place of the inputs has a target."""
    found, data = comparisons(seen), seen.batch.data
    pair = found[0].answers() if len(found) == 1 else None
    if pair is None or data is None or data.tensor is None or data.tensor.dim() != 2 + data.dtype.is_floating_point:
        return None
    compared = found[0]
    given, t = pair if compared.is_classes else (pair[0].reshape(-1, 1), pair[1].reshape(-1, 1))
    samples, places = data.shape[:2]
    if len(t) != samples * places or places < 2 or compared.target.shape[0] not in (samples, samples * places):
        return None
    return data.tensor.reshape(samples, places, -1), t.reshape(samples, places, -1), given.reshape(samples, places, -1)


def _distinct(x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """Each sample once: who sees a sample twice can look its answer up."""
    both = torch.unique(torch.cat([x.double(), t.double()], 2), dim=0)
    return both[..., : x.shape[2]].to(x.dtype), both[..., x.shape[2] :]


def _shifted(x: Tensor, by: int) -> Tensor:
    """What stands `by` places before; −1 where there is none."""
    moved = x.roll(by, 1)
    moved[:, 0 if by > 0 else -1] = -1
    return moved


def _is_next(x: Tensor, t: Tensor) -> bool:
    """Whether the targets are the inputs of the places after."""
    classes = t.argmax(2) if t.shape[2] > 1 else t[..., 0]
    return x.shape[2] == 1 and bool((classes[:, :-1] == x[:, 1:, 0]).double().mean() > 1 - TOLD)


def _told(parts: list[Tensor], t: Tensor) -> float:
    """What these parts of the inputs explain of the targets of places that are left out."""
    x, t = torch.cat(parts, 2).flatten(0, 1), t.flatten(0, 1)
    if not x.dtype.is_floating_point:
        return grouped(torch.unique(x, dim=0, return_inverse=True)[1], t)
    some = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))[:MOST]
    return max(affine(x[some], t[some]), nearest(x[some], t[some]))
