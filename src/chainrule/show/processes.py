"""What became of a gradient that several processes share."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from chainrule.run.all_reduce import AllReduce
from chainrule.show.numbers import number
from chainrule.show.terminal import MUTED, UPDATE, WARNING, line


def shared(found: AllReduce | None) -> Iterator[Text]:
    """One line, and one for each disagreement; nothing where one process trains alone."""
    if found is None:
        return
    count = f"{found.processes} processes"
    measured = f"   worst difference {number(found.worst, 2)}, rounding allows {number(found.tolerance, 2)}"
    match found.how:
        case "backward":
            said = f"✓ all-reduced over {count}: .grad is the average of our gradients in each"
            yield line((said, f"bold {UPDATE}"))
            yield line((measured, MUTED))
        case "script":
            said = f"✓ averaged over {count} before the update: what it used is the average of our gradients in each"
            yield line((said, f"bold {UPDATE}"))
            yield line((measured, MUTED))
        case "none":
            yield line((f"  each of {count} used its own gradient in this step", MUTED))
        case "unknown":
            whose = f"{found.recorded} of {count} recorded this step with its gradients"
            yield line((f"  whether .grad is the average over {count} was not checked: {whose}", WARNING))
        case "other" if not found.errors:
            said = f"  shared among {count} in a way of the script's: .grad is not the average of their gradients"
            yield line((said, WARNING))
    for error in found.errors:
        yield line((f"✗ {error}", "bold red"))
