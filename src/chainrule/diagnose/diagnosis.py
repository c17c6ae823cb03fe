"""Runs the checks, and tells causes from consequences: one cause is one finding, however many symptoms it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from chainrule.diagnose.case import Case, trainings
from chainrule.diagnose.checks import (
    added_as_number,
    batch_of_one,
    bottleneck,
    broadcast_loss,
    cleared_gradients,
    clipped_away,
    collapsed_embedding,
    compared_with_itself,
    constant_inputs,
    constant_term,
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
    inverted_mask,
    labels_independent,
    linear_stack,
    margin_labels,
    mixed_samples,
    never_moved,
    no_context,
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
    own_answers,
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
    started_anew,
    state_never_reset,
    swapped_pairs,
    target_is_input,
    train_mode_in_evaluation,
    undone_updates,
    unscaled_inputs,
    unscaled_targets,
    unused_output,
    vanishing,
    zero_slope,
)
from chainrule.diagnose.finding import Finding, Where
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
    compared_with_itself.check,
    squashed_twice.check,
    softmax_over_samples.check,
    mixed_samples.check,
    inverted_mask.check,
    normalised_away.check,
    no_log_probabilities.check,
    no_distribution.check,
    margin_labels.check,
    other_loss.check,
    own_answers.check,
    output_range.check,
    flipped_sign.check,
    swapped_pairs.check,
    collapsed_embedding.check,
    no_least_loss.check,
    zero_slope.check,
    target_is_input.check,
    constant_term.check,
    cut_graph.check,
    added_as_number.check,
    hidden_detached.check,
    state_never_reset.check,
    unused_output.check,
    undone_updates.check,
    no_step.check,
    cleared_gradients.check,
    discarded_gradients.check,
    no_zero_grad.check,
    never_moved.check,
    frozen.check,
    eval_mode.check,
    constant_inputs.check,
    started_anew.check,
    repeated_batch.check,
    sorted_batches.check,
    reversed_class_weights.check,
    shared_layer.check,
    equal_units.check,
    not_separable.check,
    no_context.check,
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
# Judgements of a whole training that came to little: told by themselves only where nothing else is found.
AT_LAST = frozenset({"not-separable", "no-context", "labels-independent", "bottleneck", "imbalance", "rate-too-low"})
# Those that say why the data was not learnt: nothing of it could be where the weights do not follow the gradient.
OF_DATA = frozenset({"unscaled-inputs", "unscaled-targets", "dropout-too-strong", "linear-stack"})
FADING = frozenset({"vanishing", "faded-activations"})
TOO_FAR = frozenset({"diverged", "rate-too-high"})
# What else a cause brings about: where the cause is found, these are told with it and not by themselves.
CONSEQUENCES: dict[str, frozenset[str]] = {
    "broadcast-loss": frozenset({"dead-relu"}),
    "squashed-twice": frozenset({"output-range"}),
    "softmax-over-samples": frozenset({"no-log-probabilities", "normalised-away"}),
    "mixed-samples": OF_DATA,
    "normalised-away": frozenset({"equal-units", "zero-slope", "output-range", "no-log-probabilities"}),
    "no-log-probabilities": frozenset({"no-least-loss", "diverged", "dead-relu", "not-finite"}),
    "other-loss": OF_DATA | {"never-moved", "frozen", "unused-output"},
    "output-range": frozenset({"no-least-loss", "dead-relu", "diverged", "unscaled-targets", "not-finite"}),
    "flipped-sign": OF_DATA | {"diverged", "no-least-loss", "dead-relu", "output-range", "swapped-pairs", "not-finite"},
    "swapped-pairs": frozenset({"no-least-loss", "diverged", "not-finite"}),
    "collapsed-embedding": OF_DATA | {"dead-relu"},
    "no-least-loss": TOO_FAR | {"dead-relu", "not-finite"},
    "not-finite": frozenset({"constant-inputs"}),
    "zero-slope": OF_DATA | {"dead-relu", "frozen", "cut-graph"},
    "constant-term": OF_DATA | {"cut-graph", "added-as-number", "unused-output", "never-moved", "dead-relu"},
    "cut-graph": OF_DATA | {"never-moved", "unused-output", "other-loss", "added-as-number"},
    "added-as-number": OF_DATA | {"never-moved", "unused-output", "other-loss"},
    "state-never-reset": OF_DATA | TOO_FAR | {"clipped-away"},
    "unused-output": frozenset({"never-moved"}),
    "undone-updates": OF_DATA | {"started-anew", "never-moved", "rate-too-low", "clipped-away"},
    "no-step": OF_DATA | {"never-moved", "unused-output"},
    "cleared-gradients": OF_DATA | {"never-moved", "unused-output", "cut-graph"},
    "discarded-gradients": OF_DATA,
    "no-zero-grad": frozenset({"diverged", "dead-relu", "not-finite"}),
    "never-moved": OF_DATA | {"frozen"},
    "frozen": OF_DATA | {"faded-activations"},
    "eval-mode": FADING | {"diverged", "unscaled-inputs", "unscaled-targets"},
    "constant-inputs": frozenset({"dead-relu", "linear-stack"}),
    "started-anew": OF_DATA | {"rate-faded"},
    "repeated-batch": frozenset({"constant-inputs"}),
    "sorted-batches": TOO_FAR | {"not-finite"},
    "equal-units": FADING | {"dead-relu", "frozen"},
    "unscaled-inputs": FADING | TOO_FAR | {"exploding", "saturated", "dead-relu"},
    "unscaled-targets": TOO_FAR | {"dead-relu", "clipped-away"},
    "dropout-too-strong": frozenset({"rate-too-high"}),
    "labels-independent": frozenset({"imbalance", "rate-too-low", "rate-too-high"}),
    "exploding": TOO_FAR
    | {"cleared-gradients", "not-finite", "unscaled-targets", "clipped-away", "saturated", "dead-relu"},
    "diverged": frozenset({"not-finite", "dead-relu", "rate-too-high"}),
    "rate-too-high": frozenset({"dead-relu", "saturated"}),
    "rate-too-low": frozenset({"imbalance"}),
    "rate-faded": OF_DATA | {"never-moved"},
    "decay-too-strong": FADING | {"rate-too-high"},
    "saturated": FADING | {"dead-relu"},
    "vanishing": frozenset({"faded-activations"}),
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
    """Every finding of a run on disk, of one training after the other. Raises StepDamaged."""
    made = [_diagnosed(case) for case in trainings(history)]
    found: dict[tuple[str, Where], Finding] = {}
    for one in made:
        for finding in one.findings:
            found.setdefault((finding.slug, finding.where), finding)
    return Diagnosis(
        tuple(found.values()),
        tuple(problem for one in made for problem in one.problems),
        sum(one.judged for one in made),
    )


def _diagnosed(case: Case) -> Diagnosis:
    if case.seeks_inputs:  # no network is to learn
        return Diagnosis((), (), len(case.steps))
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
    """The findings without those that follow from another one, which names them. Of two that follow from each other
    the one that is mended first is the cause."""
    slugs = list(dict.fromkeys(finding.slug for finding in found))
    led_to = {slug: _led_to(slug, frozenset(slugs)) for slug in slugs}
    explained = {
        slug
        for at, slug in enumerate(slugs)
        for other_at, cause in enumerate(slugs)
        if slug in led_to[cause] and (cause not in led_to[slug] or other_at < at)
    }
    for finding in found:
        if finding.slug not in explained:
            yield finding.with_consequences(tuple(sorted(follows(finding.slug) & set(slugs) & explained)))


def follows(cause: str) -> frozenset[str]:
    """What is not told by itself beside this cause. Of a training that is judged by a wrong evaluation nothing is."""
    alone = cause in AT_LAST or cause == "train-mode-in-evaluation"
    return CONSEQUENCES.get(cause, frozenset()) | (frozenset() if alone else AT_LAST)


def _led_to(cause: str, slugs: frozenset[str]) -> set[str]:
    """All of these that follow from it, or from what follows."""
    found: set[str] = set()
    todo = [cause]
    while todo:
        more = (follows(todo.pop()) & slugs) - found
        found |= more
        todo += more
    return found - {cause}
