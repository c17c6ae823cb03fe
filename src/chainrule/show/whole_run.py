"""The whole run in a few lines: what happened to the loss, and its curve."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rich.console import Group
from rich.text import Text

from chainrule.breakdown import Deriver
from chainrule.run.outcome import Outcome
from chainrule.show.numbers import curve, number
from chainrule.show.terminal import FORWARD, GRADIENT, MUTED, UPDATE, WARNING, line
from chainrule.step import Step


def loss_curve(losses: Sequence[float], marks: Sequence[int], here: int | None = None) -> Group:
    """The loss of every step, with its highest and lowest value, and a mark under the recorded steps."""
    finite = [loss for loss in losses if math.isfinite(loss)]
    width, height = 70, 4
    rows = curve(losses, width, height)
    labels = [""] * height
    if finite:
        labels[0], labels[-1] = number(max(finite)), number(min(finite))
    lines = [line((label.rjust(9), MUTED), " ", (row, FORWARD)) for label, row in zip(labels, rows, strict=True)]
    if losses:
        under = [" "] * width
        for mark in marks:
            under[min(mark * width // len(losses), width - 1)] = "·"
        if here is not None:
            under[min(here * width // len(losses), width - 1)] = "▲"
        lines.append(line("loss".rjust(9), " ", ("".join(under), GRADIENT)))
        end = f"step {len(losses) - 1:,}"
        lines.append(line(" " * 10, ("step 0" + end.rjust(width - 6), MUTED), "   "))
    return Group(*lines)


def verdict(result: Outcome, last: Step | None) -> Iterator[Text]:
    """What happened, in computed facts."""
    if result.steps == 0:
        yield line(("No training step was seen.", f"bold {WARNING}"))
        return
    plural = "s" if result.steps != 1 else ""
    fell = f"loss {number(result.first)} → {number(result.last)} in {result.steps:,} step{plural}"
    if result.not_finite is not None:
        said = f"The loss is not finite since step {result.not_finite:,}."
        yield line((said, f"bold {WARNING}"), f"  {fell}")
    elif result.fell_to is not None and result.fell_to < 0.1:
        yield line(
            (f"The loss fell to {number(100 * result.fell_to, 2)} %", f"bold {UPDATE}"), f" of where it began: {fell}."
        )
    elif result.flat_since is not None:
        said = f"Flat since step {result.flat_since:,}"
        yield line((said, f"bold {WARNING}"), f" at loss {number(result.last)}: {fell}.")
    else:
        yield line((fell, "bold"), f"; lowest {number(result.lowest)} at step {result.at:,}")
    if last is not None:
        yield from cancellation(last)


def cancellation(step: Step) -> Iterator[Text]:
    """Whether the samples of a step pull against each other, where the step is small enough to say."""
    deriver = Deriver(step)
    found = deriver.cancellation()
    if found is None or found.ratio > 0.05:
        return
    yield line(
        f"At step {step.index:,} the {deriver.batch.count} samples pull against each other: their shares of the "
        f"gradient add up to {number(100 * found.ratio, 2)} % of their sizes"
    )
    if found.spread is not None and found.spread < 0.01 and found.error is not None:
        yield line(
            f"while every prediction is {number(found.prediction)} and wrong by up to {number(found.error)}. ",
            "The gradient is almost zero because the shares cancel, not because the answers are right.",
        )
