"""Runs the checks, and tells causes from consequences: one cause is one finding, however many symptoms it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from chainrule.diagnose.case import Case
from chainrule.diagnose.checks import (
    broadcast_loss,
    cut_graph,
    dead_relu,
    diverged,
    never_moved,
    no_log_probabilities,
    no_zero_grad,
    not_separable,
    squashed_twice,
)
from chainrule.diagnose.finding import Finding
from chainrule.run.history import History

Check: TypeAlias = Callable[[Case], Iterator[Finding]]

# In the order in which they are mended: what is nearer the loss and the data first, what only shows it last.
CHECKS: tuple[Check, ...] = (
    broadcast_loss.check,
    squashed_twice.check,
    no_log_probabilities.check,
    cut_graph.check,
    no_zero_grad.check,
    never_moved.check,
    not_separable.check,
    diverged.check,
    dead_relu.check,
)
# What a cause brings about: where the cause is found, these are told with it and not by themselves.
CONSEQUENCES: dict[str, frozenset[str]] = {
    "broadcast-loss": frozenset({"not-separable", "dead-relu"}),
    "no-log-probabilities": frozenset({"diverged", "dead-relu"}),
    "cut-graph": frozenset({"not-separable", "never-moved"}),
    "no-zero-grad": frozenset({"diverged", "dead-relu"}),
    "diverged": frozenset({"dead-relu"}),
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found.

    findings   the one to mend first at the head
    problems   checks that failed, by a fault of ours
    judged     number of recorded steps that were looked at; where it is 0, no finding means nothing
    """

    findings: tuple[Finding, ...]
    problems: tuple[str, ...]
    judged: int

    @property
    def healthy(self) -> bool:
        return not self.findings and self.judged > 0


def diagnose(history: History) -> Diagnosis:
    """Every finding of a run on disk. Raises StepDamaged."""
    case = Case(history)
    found: list[Finding] = []
    problems = []
    for check in CHECKS:
        try:
            found += check(case)
        except Exception as error:  # one check of ours must not take the others with it
            problems.append(f"{check.__module__.rpartition('.')[2]} failed: {type(error).__name__}: {error}")
    return Diagnosis(tuple(causes(found)), tuple(problems), len(case.steps))


def causes(found: list[Finding]) -> Iterator[Finding]:
    """The findings without those that follow from another one, which names them."""
    slugs = {finding.slug for finding in found}
    explained = {slug for cause in slugs for slug in CONSEQUENCES.get(cause, frozenset()) & slugs}
    for finding in found:
        if finding.slug not in explained:
            yield finding.with_consequences(tuple(sorted(CONSEQUENCES.get(finding.slug, frozenset()) & slugs)))
