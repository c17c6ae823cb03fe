"""Runs the checks, and tells causes from consequences: one cause is one finding, however many symptoms it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from chainrule.diagnose.case import Case
from chainrule.diagnose.checks import (
    batch_of_one,
    bottleneck,
    broadcast_loss,
    cleared_gradients,
    clipped_away,
    constant_inputs,
    cut_graph,
    dead_relu,
    decay_too_strong,
    discarded_gradients,
    diverged,
    dropout_too_strong,
    drowned_term,
    eps_too_large,
    equal_units,
    eval_mode,
    exploding,
    faded_activations,
    flipped_sign,
    frozen,
    graph_used_twice,
    hidden_detached,
    imbalance,
    labels_independent,
    linear_stack,
    margin_labels,
    never_moved,
    no_distribution,
    no_graph,
    no_least_loss,
    no_log_probabilities,
    no_step,
    no_zero_grad,
    normalised_away,
    not_finite,
    not_separable,
    other_loss,
    output_range,
    rate_faded,
    rate_too_high,
    rate_too_low,
    repeated_batch,
    reversed_class_weights,
    saturated,
    shared_layer,
    softmax_over_samples,
    sorted_batches,
    squashed_twice,
    state_never_reset,
    target_is_input,
    train_mode_in_evaluation,
    unscaled_inputs,
    unscaled_targets,
    unused_output,
    vanishing,
    zero_slope,
)
from chainrule.diagnose.finding import Finding
from chainrule.diagnose.motion import unlearnt
from chainrule.run.history import History

Check: TypeAlias = Callable[[Case], Iterator[Finding]]

# In the order in which they are mended: what is nearer the loss and the data first, what only shows it last.
CHECKS: tuple[Check, ...] = (
    no_graph.check,
    graph_used_twice.check,
    batch_of_one.check,
    not_finite.check,
    broadcast_loss.check,
    squashed_twice.check,
    softmax_over_samples.check,
    normalised_away.check,
    no_log_probabilities.check,
    no_distribution.check,
    margin_labels.check,
    other_loss.check,
    output_range.check,
    flipped_sign.check,
    no_least_loss.check,
    zero_slope.check,
    target_is_input.check,
    cut_graph.check,
    hidden_detached.check,
    state_never_reset.check,
    unused_output.check,
    no_step.check,
    cleared_gradients.check,
    discarded_gradients.check,
    no_zero_grad.check,
    never_moved.check,
    frozen.check,
    eval_mode.check,
    constant_inputs.check,
    repeated_batch.check,
    sorted_batches.check,
    reversed_class_weights.check,
    shared_layer.check,
    equal_units.check,
    not_separable.check,
    unscaled_inputs.check,
    unscaled_targets.check,
    drowned_term.check,
    dropout_too_strong.check,
    linear_stack.check,
    labels_independent.check,
    exploding.check,
    diverged.check,
    rate_too_high.check,
    rate_faded.check,
    decay_too_strong.check,
    clipped_away.check,
    eps_too_large.check,
    rate_too_low.check,
    bottleneck.check,
    saturated.check,
    vanishing.check,
    faded_activations.check,
    imbalance.check,
    train_mode_in_evaluation.check,
    dead_relu.check,
)
# What a cause brings about: where the cause is found, these are told with it and not by themselves.
CONSEQUENCES: dict[str, frozenset[str]] = {
    "broadcast-loss": frozenset({"not-separable", "dead-relu"}),
    "no-log-probabilities": frozenset({"diverged", "dead-relu"}),
    "no-distribution": frozenset({"imbalance", "rate-too-low"}),
    "no-least-loss": frozenset({"diverged", "dead-relu", "rate-too-high"}),
    "softmax-over-samples": frozenset({"no-log-probabilities"}),
    "normalised-away": frozenset({"not-separable", "equal-units", "zero-slope", "rate-too-low"}),
    "output-range": frozenset(
        {"no-least-loss", "not-separable", "dead-relu", "diverged", "unscaled-targets", "rate-too-low"}
    ),
    "flipped-sign": frozenset(
        {"diverged", "no-least-loss", "not-separable", "dead-relu", "output-range", "rate-too-low"}
    ),
    "zero-slope": frozenset({"not-separable", "dead-relu", "rate-too-low"}),
    "equal-units": frozenset(
        {"not-separable", "dead-relu", "imbalance", "bottleneck", "vanishing", "faded-activations", "rate-too-low"}
    ),
    "target-is-input": frozenset({"bottleneck", "rate-too-low"}),
    "frozen": frozenset({"labels-independent", "imbalance", "rate-too-low", "bottleneck"}),
    "eval-mode": frozenset({"diverged", "unscaled-inputs", "unscaled-targets"}),
    "other-loss": frozenset({"never-moved", "rate-too-low", "frozen", "unused-output"}),
    "constant-inputs": frozenset(
        {"not-separable", "labels-independent", "imbalance", "dead-relu", "linear-stack", "rate-too-low"}
    ),
    "repeated-batch": frozenset({"constant-inputs", "imbalance", "labels-independent"}),
    "sorted-batches": frozenset({"diverged", "rate-too-high", "imbalance", "labels-independent", "rate-too-low"}),
    "reversed-class-weights": frozenset({"imbalance", "rate-too-low"}),
    "unscaled-inputs": frozenset(
        {
            "exploding",
            "diverged",
            "rate-too-high",
            "rate-too-low",
            "saturated",
            "dead-relu",
            "vanishing",
            "faded-activations",
            "imbalance",
            "bottleneck",
        }
    ),
    "unscaled-targets": frozenset({"diverged", "rate-too-high", "rate-too-low", "dead-relu", "clipped-away"}),
    "dropout-too-strong": frozenset({"rate-too-high", "imbalance", "bottleneck", "rate-too-low"}),
    "linear-stack": frozenset({"bottleneck", "imbalance", "not-separable", "rate-too-low"}),
    "labels-independent": frozenset({"imbalance", "rate-too-low", "rate-too-high"}),
    "saturated": frozenset({"vanishing", "faded-activations", "imbalance", "dead-relu", "rate-too-low"}),
    "vanishing": frozenset({"faded-activations", "imbalance", "rate-too-low"}),
    "faded-activations": frozenset({"imbalance", "rate-too-low"}),
    "cut-graph": frozenset({"not-separable", "never-moved", "unused-output"}),
    "state-never-reset": frozenset({"rate-too-low", "rate-too-high", "diverged"}),
    "unused-output": frozenset({"never-moved", "rate-too-low"}),
    "no-zero-grad": frozenset({"diverged", "dead-relu"}),
    "exploding": frozenset(
        {
            "cleared-gradients",
            "diverged",
            "not-finite",
            "rate-too-high",
            "unscaled-targets",
            "saturated",
            "dead-relu",
            "imbalance",
        }
    ),
    "diverged": frozenset({"not-finite", "dead-relu", "rate-too-high"}),
    "no-step": frozenset({"never-moved"}),
    "cleared-gradients": frozenset({"never-moved"}),
    "rate-too-high": frozenset({"dead-relu", "saturated", "not-separable"}),
    "dead-relu": frozenset({"rate-too-low"}),
    "rate-faded": frozenset({"rate-too-low", "not-separable"}),
    "decay-too-strong": frozenset({"rate-too-low", "not-separable", "vanishing", "faded-activations"}),
    "clipped-away": frozenset({"rate-too-low"}),
    "eps-too-large": frozenset({"rate-too-low"}),
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
    try:
        if found and stops(case):
            found = [replace(finding, severity="stops") for finding in found]
    except Exception as error:
        problems.append(f"severity failed: {type(error).__name__}: {error}")
    return Diagnosis(tuple(causes(found)), tuple(problems), len(case.steps))


def stops(case: Case) -> bool:
    """Whether the training came to nothing: by an exception, by numbers that are none, or without learning anything."""
    return case.failure is not None or case.outcome.not_finite is not None or not case.steps or unlearnt(case)


def causes(found: list[Finding]) -> Iterator[Finding]:
    """The findings without those that follow from another one, which names them."""
    slugs = {finding.slug for finding in found}
    explained = {slug for cause in slugs for slug in CONSEQUENCES.get(cause, frozenset()) & slugs}
    for finding in found:
        if finding.slug not in explained:
            yield finding.with_consequences(tuple(sorted(CONSEQUENCES.get(finding.slug, frozenset()) & slugs)))
