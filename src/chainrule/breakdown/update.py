"""Step 4, update: gradient descent moves the weights."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from chainrule.formula import Equation, Formula, Number, Symbol, replace
from chainrule.rules.optimizers import UPDATE_RULES, Assignment
from chainrule.step import ParameterUpdate, Step, Value


@dataclass(frozen=True, slots=True)
class UpdateRow:
    """How one parameter moved.

    optimizer     class name; "" where the script wrote the weights itself
    parameter     the parameter's value before the step
    assignments   the optimizer's rule line by line; empty where we have no rule for it (opaque)
    settings      the settings' values by symbol: η = 0.1
    reason        why there is no rule, else ""
    change        before, gradient used, state, after
    """

    optimizer: str
    parameter: Value
    assignments: list[Assignment]
    settings: dict[Symbol, float]
    reason: str
    change: ParameterUpdate

    def quantities(self) -> dict[str, float | torch.Tensor]:
        """What the rule starts from, by symbol name: settings, t, "w", "gradient" and the state; {} without a rule."""
        rule = UPDATE_RULES.get(self.optimizer)
        return rule.inputs(self.change) if rule is not None and not self.reason else {}

    @property
    def values(self) -> dict[str, torch.Tensor]:
        """The value of every symbol the rule assigns, by name, computed now."""
        rule = UPDATE_RULES.get(self.optimizer)
        if rule is None or self.reason:
            return {}
        with torch.no_grad():
            return rule.replay(self.change)


def update_rows(step: Step) -> list[UpdateRow]:
    """One row per parameter and optimizer step."""
    return [
        _row(optimizer_step.optimizer, step.values[index], change)
        for optimizer_step in step.updates
        for index, change in optimizer_step.parameters.items()
    ]


def _row(optimizer: str, parameter: Value, change: ParameterUpdate) -> UpdateRow:
    rule = UPDATE_RULES.get(optimizer)
    if rule is None:
        reason = f"no rule for {optimizer}" if optimizer else "the script writes the weights itself"
        return UpdateRow(optimizer, parameter, [], {}, reason, change)
    reason = rule.covers(change)
    if reason:
        return UpdateRow(optimizer, parameter, [], {}, reason, change)
    assignments = rule.assignments(change.settings, change.state)
    return UpdateRow(optimizer, parameter, assignments, rule.symbols(change.settings, change.state), "", change)


def at(row: UpdateRow, index: tuple[int, ...], digits: int = 5) -> list[UpdateLine]:
    """The rule's lines for one weight, in symbols and in numbers."""
    known: dict[str, Formula] = {
        name: Number(entry(x, index), digits) if isinstance(x, torch.Tensor) else Number(x)
        for name, x in row.quantities().items()
    }
    lines = []
    values = row.values
    for assignment in row.assignments:
        value = entry(values[assignment.symbol.name], index)
        symbolic = Equation((assignment.symbol, assignment.formula), "←")
        lines.append(UpdateLine(symbolic, replace(assignment.formula, known), value))
        known.setdefault(assignment.symbol.name, Number(value, digits))
    return lines


@dataclass(frozen=True, slots=True)
class UpdateLine:
    """One line of the optimizer's rule for one weight: w ← w − η·g, = 0.5 − 0.1·0.02, = 0.498."""

    symbolic: Equation
    numeric: Formula
    value: float


def entry(t: torch.Tensor | float, index: tuple[int, ...]) -> float:
    """t[index] as a Python number; a counter or a plain number as itself."""
    if not isinstance(t, torch.Tensor):
        return float(t)
    return float(t[index]) if t.dim() else float(t)
