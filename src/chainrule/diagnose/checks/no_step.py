"""After backward() comes step().

Law: backward() computes gradients and changes no weight; only step 4, w ← w − η·g, does. A training that goes through
many backward passes without any weight changed learns nothing.

At least FEWEST passes, and not one weight changed in the whole run. Or, where several optimizers train, one of them has
made no step by the last step looked at, though its parameters got a gradient in FEWEST steps and more, and nothing else
moves them. Gradients of the inputs (saliency, adversarial examples) are no training: a weight lies in a module, or goes
into a layer beside its input.
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.step import arguments_of

FEWEST = 3
BESIDE = ("weight", "bias", "params", "w_ih", "w_hh", "b_ih", "b_hh")


def check(case: Case) -> Iterator[Finding]:
    passes = sum(len(seen.step.backwards) for seen in case.steps)
    if passes < FEWEST or case.history.ended not in ("finished", "interrupted"):
        return
    if not all(map(_is_still, case.steps)):
        yield from _resting(case)
        return
    last = case.steps[-1].step.backwards[-1]
    yield Finding(
        slug="no-step",
        title="the gradients are computed, and no optimizer ever uses them",
        where=Where.at(last.at, "backward"),
        steps=(case.steps[0].index, case.last),
        evidence={"backward passes seen": passes, "steps of an optimizer": 0, "weights changed": 0},
        because="backward() only computes ∂L/∂w; step 4, w ← w − η·g, is never made",
        fix="call optimizer.step() after loss.backward()",
        diff="     loss.backward()\n+    optimizer.step()",
        attempts=(Intervention("step"),),
    )


def _resting(case: Case) -> Iterator[Finding]:
    """An optimizer that never steps, beside others that do."""
    for one in case.steps[-1].step.resting:
        found = [(seen, own.received) for seen in case.steps for own in seen.step.resting if own.made == one.made]
        found = [(seen, received) for seen, received in found if received]
        names = {seen.step.values[number].name for seen, received in found for number in received}
        if len(found) < FEWEST or not one.made.file or any(names & seen.changes.keys() for seen in case.steps):
            continue
        seen, received = found[-1]
        brought = next(part for part in seen.step.backwards if set(received) <= part.received.keys())
        yield Finding(
            slug="no-step",
            title=f"{one.optimizer} of line {one.made.line} never makes a step, though its gradients are computed",
            where=Where.at(brought.at, "backward"),
            steps=(found[0][0].index, seen.index),
            evidence={
                "optimizer": f"{one.optimizer}, {one.made}",
                "steps in which its parameters got a gradient": len(found),
                "its parameters": ", ".join(sorted(names)[:6]),
            },
            because="backward() only computes ∂L/∂w; step 4, w ← w − η·g, is never made for these weights",
            fix="call the step() of this optimizer, too",
            diff="     loss.backward()\n+    optimizer.step()",
        )
        return


def _is_still(seen: Seen) -> bool:
    """Weights got gradients, nothing else did, and nothing was changed."""
    leaves = {i for backward in seen.step.backwards for i in backward.received}
    changed = (change for made in seen.step.updates for change in made.parameters.values())
    by_hand = all(not made.optimizer for made in seen.step.updates)
    same = all(change.after is not None and bool((change.after == change.before).all()) for change in changed)
    written = any("#" in name for name in seen.step.parameters)  # "w#2": changed between two passes of one step
    if not leaves or not by_hand or not same or written:
        return False
    return leaves <= _weights(seen)


def _weights(seen: Seen) -> set[int]:
    """Parameters of modules, and what a layer takes beside its input."""
    owned = {v.index for v in seen.step.parameters.values() if v.owned}
    if len(seen.step.backwards) == 1:  # no optimizer is there to wait for: a script may write its weights itself
        return owned
    beside: set[int] = set()
    fed: set[int] = set()
    for backward in seen.step.backwards:
        for call in backward.calls:
            taken = {value.index for key in BESIDE for value in arguments_of(call.arguments.get(key))}
            beside |= taken
            fed |= {value.index for value in call.values} - taken
    return owned | (beside - fed)
