"""The network is not given what it has to answer.

Law: where the target t[n] is a number that the network is given at the same place, ∂ŷ[n]/∂x[n] alone solves the task:
the loss falls to 0, and nothing is learnt about what follows what. A language model is to be given the words *before*
the one it has to say: inputs ids[:, :-1], targets ids[:, 1:].

The threshold is none: class targets that are bit for bit the ids that enter the network's only embedding (or one-hot),
at the same places (no shift) or one place later (a shift the wrong way round), of at least FEWEST ids and two different
ones, in every step looked at. Numbers that are to be reconstructed (an autoencoder) are no classes; ids that pass one
vector on their way lose their places; ids that are copied from a source beside a shifted target, as in translation,
enter twice. Of two kinds of ids those count that are the target where the others are not what precedes it.

So it is with a denoiser that is compared with its noisy input: to answer with the noise is right, and none is removed.
There the finding is a target that is the input itself, with random numbers on it that the script put there in the same
step, in every step looked at; they move the data by NOISE of its spread and more, and the data as they were, which are
nearly all different (no centres that samples are drawn around), are still at hand: no loss takes them. Or the noisy
ones come with others of their shape, in one batch or by the same indices, which rise and fall with them, and which no
call has a use for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.comparison import comparisons
from chainrule.diagnose.finding import Finding, Where
from chainrule.step import Call, Noise, Value

Tensor = torch.Tensor

FEWEST = 8
NOISE = 0.2  # what is removed must be worth it: of a hundredth, as of bytes that are made numbers, nobody would know
OWN = 0.9  # of the rows


def check(case: Case) -> Iterator[Finding]:
    found = [_given_away(seen) for seen in case.steps]
    if not found or not all(found):
        yield from _noise_and_all(case)
        return
    call, place = found[0]  # type: ignore[misc]  # all are there
    yield Finding(
        slug="target-is-input",
        title=f"the targets are the inputs, {place}",
        where=Where.of(call),
        steps=(case.steps[0].index, case.last),
        evidence={
            "targets that are equal to the input": 1.0,
            "loss, first": case.losses[0],
            "loss, last": case.losses[-1],
        },
        because="the derivative of each answer by the input at its own place is all that the loss asks for: the "
        "shortest path to 0 is to copy",
        fix="inputs ids[:, :-1] and targets ids[:, 1:], so that each place has to say the next id",
        diff="-    x, y = ids, ids\n+    x, y = ids[:, :-1], ids[:, 1:]",
    )


def _noise_and_all(case: Case) -> Iterator[Finding]:
    found = [_noisy(seen) for seen in case.steps]
    if not found or not all(found):
        return
    call, noise = found[0]  # type: ignore[misc]  # all are there
    yield Finding(
        slug="target-is-input",
        title="the targets are the inputs, "
        + ("and nothing takes what goes with them" if noise.beside else "with the noise that was put on them"),
        where=Where.of(call),
        steps=(case.steps[0].index, case.last),
        evidence={
            "taken beside them" if noise.beside else "noise put on": f"{Path(noise.at.file).name}:{noise.at.line}",
            "how far away the inputs are, by the spread of the data": noise.share,
            "loss, first": case.losses[0],
            "loss, last": case.losses[-1],
        },
        because="the loss is 0 where the inputs come out as they went in: ∂L/∂ŷ leads to them, and nothing asks for "
        "what was taken beside them"
        if noise.beside
        else "the loss is 0 where the noise comes out as it went in: ∂L/∂ŷ leads to the noisy numbers, and nothing "
        "asks for the clean ones",
        fix="compare the answer with what was taken beside the inputs"
        if noise.beside
        else "compare the answer with the data as they were before the noise was put on",
        diff="-    loss = mse_loss(model(x), x)\n+    loss = mse_loss(model(x), y)"
        if noise.beside
        else "-    loss = mse_loss(model(noisy), noisy)\n+    loss = mse_loss(model(noisy), clean)",
    )


def _noisy(seen: Seen) -> tuple[Call, Noise] | None:
    """The loss, and the noise on what it compares with, which is the input."""
    compared = comparisons(seen)
    if len(compared) != 1 or compared[0].is_classes:
        return None
    if compared[0].target not in seen.made_of(compared[0].prediction):
        return None
    noise = seen.step.noises.get(compared[0].target.index)
    if noise is None or noise.share < NOISE or noise.rows < OWN * (seen.batch.count or 0):
        return None
    return compared[0].call, noise


def _given_away(seen: Seen) -> tuple[Call, str] | None:
    """The loss, and where its targets stand in the input."""
    compared = comparisons(seen)
    ids = {v.index: v for call in seen.calls if call.rule == "embedding" for v in (call.arguments["input"],)}
    if len(compared) != 1 or not compared[0].is_classes:
        return None
    numbers = [v.tensor for v in ids.values() if v.tensor is not None and not _counts(v.tensor)]
    numbers += _one_hot(seen)
    target = compared[0].target.tensor
    if target is None or target.numel() < FEWEST:
        return None
    if len(numbers) == 2:  # a source beside the decoder's words: those before the target are no copy of it
        numbers = [one for one, other in (numbers, numbers[::-1]) if _is_copied(one, other, target)]
    if len(numbers) != 1 or numbers[0].numel() != target.numel():
        return None
    given = numbers[0]
    rows = target.reshape(given.shape)
    if bool((rows == rows.flatten()[0]).all()):
        return None
    if not _keeps_places(seen, compared[0].prediction, given):
        return None
    if torch.equal(given, rows):
        return compared[0].call, "at the same place"
    if given.dim() == 2 and given.shape[1] > 2 and torch.equal(rows[:, 1:], given[:, :-1]) and _is_cut(rows, given):
        return compared[0].call, "one place later: the network is asked for what it has just read"
    return None


def _is_copied(given: Tensor, other: Tensor, target: Tensor) -> bool:
    """Whether the targets are these ids, and the other ones not what stands before each target."""
    if given.numel() != target.numel() or given.dim() != 2 or not torch.equal(given, target.reshape(given.shape)):
        return False
    return other.shape != given.shape or not torch.equal(other[:, 1:], given[:, :-1])


def _is_cut(rows: Tensor, given: Tensor) -> bool:
    """Whether the first targets are other words of the text, not a filler, nor the last of the inputs: to say what
    came a place before is a task of its own, where it is meant."""
    first = rows[:, 0]
    return bool((first != first[0]).any()) and not torch.equal(first, given[:, -1])


def _keeps_places(seen: Seen, prediction: Value, ids: Tensor) -> bool:
    """Whether some way from the embedding to the prediction never leaves the places of a sequence: an autoencoder
    has to bring all of them through one vector."""
    places = {ids.shape[-1], ids.numel()}
    todo, done = [prediction], set()
    while todo:
        value = todo.pop()
        call = seen.producer(value)
        if call is None or value.index in done or not places & set(value.shape):
            continue
        done.add(value.index)
        if any(one.kind == "data" and one.shape[: ids.dim()] == ids.shape for one in call.values):
            return True
        todo += call.inputs
    return False


def _one_hot(seen: Seen) -> list[Tensor]:
    """The ids of data that are one-hot rows of several places."""
    data = seen.batch.data
    if data is None or data.tensor is None or data.tensor.dim() < 3 or not data.dtype.is_floating_point:
        return []
    rows = data.tensor
    alone = bool((rows.sum(-1) == 1).all()) and bool(((rows == 0) | (rows == 1)).all())
    return [rows.argmax(-1)] if alone else []


def _counts(ids: Tensor) -> bool:
    """Whether these are places, 0, 1, 2, …, not words."""
    return torch.equal(ids.flatten(), torch.arange(ids.numel())) or (
        ids.dim() == 2 and torch.equal(ids, torch.arange(ids.shape[1]).expand_as(ids))
    )
