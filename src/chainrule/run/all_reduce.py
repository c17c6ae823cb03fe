"""Whether processes that train together averaged their gradients: the one check for which all of them are needed.

Each process compares its own gradients with autograd's. What its optimizer used is another gradient, the average over
the processes, which DistributedDataParallel has put into .grad. Here the average of *our* gradients, over the recorded
steps of all processes, is compared with that.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from chainrule.breakdown.backward import reverse
from chainrule.breakdown.verify import dense, difference, pass_tolerance, roundoff
from chainrule.errors import RunError, StepMissing
from chainrule.run.history import History
from chainrule.run.ranks import rank_folders, whole_run
from chainrule.step import Step

Tensor = torch.Tensor
How = Literal["backward", "script", "none", "other", "unknown"]


@dataclass(frozen=True, slots=True)
class AllReduce:
    """How the processes of a distributed training shared the gradients of one step.

    processes   how many share
    recorded    how many of them recorded this step; only with all of them anything can be said
    how         "backward": the average over all processes was in .grad when the backward pass returned
                "script": it was there when the optimizer stepped
                "none": each process used its own gradient
                "other": .grad was neither
                "unknown": not all of them recorded the step, or did not keep the gradients
    worst       the largest relative difference between that average and the average of our gradients
    tolerance   what rounding allows for it
    errors      a sentence for each parameter that DistributedDataParallel was to average, and that is not the average
    """

    processes: int
    recorded: int
    how: How
    worst: float = math.nan
    tolerance: float = math.nan
    errors: tuple[str, ...] = ()


def ranks(run: Path | str) -> list[History]:
    """The processes that trained together, by rank; none where one process trained alone. Raises RunError."""
    found = [History(folder) for folder in rank_folders(run).values() if (folder / "run.json").is_file()]
    count = found[0].about.get("ranks") if found else 0
    return found[:count] if isinstance(count, int) else found  # those behind are of an older, larger run


def all_reduce(run: Path | str, step: Step) -> AllReduce | None:
    """What became of the gradients of this step of the run; None where one process trains alone."""
    if step.exchange is None:
        return None
    folders = rank_folders(whole_run(run))
    members = []
    for folder in (folders[rank] for rank in step.exchange.ranks if rank in folders):
        with contextlib.suppress(RunError, StepMissing):
            members.append(History(folder).read(step.index))
    if len(members) < len(step.exchange.ranks):
        return AllReduce(len(step.exchange.ranks), len(members), "unknown")
    return compare(step, members)


def compare(step: Step, members: Sequence[Step]) -> AllReduce:
    """The same, of a step and what every process recorded of it, this one among them."""
    count = len(members)
    in_grad = _by_name(step, {} if step.exchange is None else step.exchange.gradients)
    changes = {i: change.gradient for update in step.updates for i, change in update.parameters.items()}
    used = {name: gradient for name, gradient in _by_name(step, changes).items() if name in in_grad}
    ours = [_by_name(member, member.gradients) for member in members]
    known = all(
        name in own or name not in member.parameters
        for name in in_grad
        for member, own in zip(members, ours, strict=True)
    )
    if not in_grad or not known:
        return AllReduce(count, count, "unknown")
    limit = max(sum(map(pass_tolerance, member.backwards)) for member in members)
    limit += 2 * count * max(roundoff(gradient.dtype) for gradient in in_grad.values())

    def gaps(theirs: dict[str, Tensor]) -> dict[str, float]:
        return {name: _gap(name, theirs[name], ours, members, limit) for name in theirs}

    def agree(found: dict[str, float]) -> bool:
        return all(gap <= limit for gap in found.values())

    averaged = gaps(in_grad)
    if agree(averaged):
        return AllReduce(count, count, "backward", max(averaged.values()), limit)
    mine = _by_name(step, step.gradients)
    if agree({name: difference(mine.get(name), gradient) for name, gradient in in_grad.items()}):
        later = gaps(used)
        if later and agree(later):
            return AllReduce(count, count, "script", max(later.values()), limit)
        return AllReduce(count, count, "none")
    errors = [
        f"{name}.grad differs from the average of our gradients in {count} processes by {gap:.2g} of its size "
        f"(rounding allows {limit:.2g}); this is an error of chainrule"
        for name, gap in averaged.items()
        if step.exchange is not None and step.exchange.by and not gap <= limit
    ]
    return AllReduce(count, count, "other", max(averaged.values()), limit, tuple(errors))


def _by_name(step: Step, gradients: dict[int, Tensor]) -> dict[str, Tensor]:
    return {step.values[i].name: g for i, g in gradients.items() if step.values[i].kind == "parameter"}


def _gap(name: str, theirs: Tensor, ours: list[dict[str, Tensor]], members: Sequence[Step], limit: float) -> float:
    """How far theirs is from the average of ours: relative to itself, and where terms cancel, to the terms' sizes."""
    own = [dense(gradients[name]).double() for gradients in ours if name in gradients]
    if not own:
        return difference(None, theirs)
    average = torch.stack(own).sum(0) / len(members)
    found = difference(average, dense(theirs).double())
    if found > limit:
        sizes = [size for member in members if (size := _sizes(member, name)) is not None]
        if sizes:
            found = difference(average, dense(theirs).double(), torch.stack(sizes).sum(0) / len(members))
    return found


def _sizes(member: Step, name: str) -> Tensor | None:
    """The sum of the sizes of the terms that the gradient is the sum of, as far as the run kept the numbers."""
    index = member.parameters[name].index if name in member.parameters else -1
    try:
        found = [sizes[index] for b in member.backwards if index in (sizes := reverse(b, magnitudes=True))]
    except Exception:  # a rule without its numbers
        return None
    return torch.stack([dense(size).double() for size in found]).sum(0) if found else None
