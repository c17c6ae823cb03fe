"""Step 1, forward: what every call computed."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.breakdown.notation import Notation
from chainrule.formula import Equation, Formula
from chainrule.step import Call


@dataclass(frozen=True, slots=True)
class ForwardRow:
    """One call: its formula in the names of the step, and what a named function stands for.

    call         the call; call.output holds its numbers
    formula      ŷ = σ(z)
    definition   1/(1 + exp(−z)), or None
    """

    call: Call
    formula: Equation
    definition: Formula | None


def forward_rows(notation: Notation) -> list[ForwardRow]:
    """The calls between the data and the loss, in the order in which they ran."""
    return [
        ForwardRow(call, Equation((notation[call.output], notation.formula(call))), notation.definition(call))
        for call in notation.calls
    ]
