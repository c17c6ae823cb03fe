"""The probabilities that a loss takes sum to one over the classes of each sample.

Law: softmax along an axis makes the numbers along it compete. Along the samples, one sample's probability of a class
is taken from another sample's: for logits z (N, K), p[n,k] = exp(z[n,k]) / Σ_m exp(z[m,k]), every class is shared out
over the batch, N samples of one class cannot all be sure of it, and ∂L/∂z[n] depends on who else is in the batch. The
same with the time axis of (N, T, K), and with scores of attention, (N, queries, keys), along the samples or heads.

What the loss takes is compared with 1 along the classes: a difference of a hundredth is far beyond rounding. (log
softmax before cross-entropy is judged too: along the classes it changes nothing there, along another axis it does.)
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.diagnose.answers import late_answers
from chainrule.diagnose.case import Case, Seen
from chainrule.diagnose.comparison import Comparison, comparisons
from chainrule.diagnose.finding import Finding, Where
from chainrule.diagnose.intervention import Intervention
from chainrule.step import Call, Value

SOFTMAX = {"softmax", "log_softmax"}
BETWEEN = {"log", "getitem", "gather", "neg", "clamp", "add", "mean", "sum", "clamp_min"}  # up to a loss by hand
FAR = 0.01
SCALES = {"mul", "div", "add", "masked_fill"}
PRODUCTS = {"matmul", "bmm", "einsum"}
LEARNT = 0.9  # of the targets' spread


def check(case: Case) -> Iterator[Finding]:
    for seen in case.steps:
        for comparison in comparisons(seen):
            squash, logarithms = _squash(seen, comparison.prediction)
            if squash is not None and _misses(comparison, squash, logarithms):
                yield _finding(case, seen, squash)
                return
        squash = (
            _before_ctc(seen)
            or _over_samples_by_hand(seen)
            or _of_scores(seen)
            or (_within(seen) if not late_answers(case).explained > LEARNT else None)
        )
        if squash is not None:
            yield _finding(case, seen, squash)
            return


def _finding(case: Case, seen: Seen, squash: Call) -> Finding:
    dim = axis(squash)
    classes = 1 if len(squash.output.shape) == 2 else len(squash.output.shape) - 1
    return Finding(
        slug="softmax-over-samples",
        title=f"{squash.name} is taken along axis {dim}, which is not that of the classes",
        where=Where.of_layer(squash),
        steps=(seen.index, case.last),
        evidence={
            "shape": list(squash.output.shape),
            "axis": dim,
            "numbers that sum to one": squash.output.shape[dim],
        },
        because="the samples compete with each other where the classes should: what one gains, the others lose, so "
        "not all samples of a class can be right, and a sample's gradient depends on its neighbours in the batch",
        fix=f"{squash.name}(…, dim={classes}), the axis of the classes",
        diff=f"-    {squash.name}(x, dim={dim})\n+    {squash.name}(x, dim={classes})",
        attempts=(Intervention.at(squash, "arguments", arguments={"dim": classes}),),
    )


def axis(call: Call) -> int:
    """Along which a softmax is taken; without `dim`, as torch's functional chooses it."""
    size, dim = len(call.output.shape), call.arguments.get("dim")
    if dim is None:
        return 0 if size in (0, 1, 3) else 1
    return int(dim) % max(size, 1)


def is_softmax(call: Call | None) -> bool:
    return call is not None and str(call.rule).removeprefix("functional_") in SOFTMAX


def _squash(seen: Seen, prediction: Value) -> tuple[Call | None, bool]:
    """The softmax that made the loss's input, and whether that holds logarithms."""
    made = seen.origin(prediction)
    if made is not None and made.rule == "log":
        inner = seen.origin(made.arguments["input"])
        return (inner if is_softmax(inner) else None), True
    return (made if is_softmax(made) else None), made is not None and str(made.rule).endswith("log_softmax")


def _misses(comparison: Comparison, squash: Call, logarithms: bool) -> bool:
    """Whether what stands at the classes does not sum to one there."""
    given, target = comparison.prediction.tensor, comparison.target.tensor
    if given is None or given.dim() < 2 or min(given.shape[:2]) < 2 or squash.output.shape[axis(squash)] < 2:
        return False
    if comparison.is_classes:
        classes = comparison.class_axis
        if not logarithms:  # told as squashed-twice or no-log-probabilities
            return False
    elif target is not None and target.shape == given.shape and bool(((target.sum(-1) - 1).abs() < FAR).all()):
        classes = -1  # probabilities or one-hot
    else:
        return False
    total = (given.double().exp() if logarithms else given.double()).sum(classes)
    return bool(((total - 1).abs() > FAR).any())


def _before_ctc(seen: Seen) -> Call | None:
    """A log softmax of (time, samples, classes) before a CTC loss, along another axis than the last."""
    for call in seen.step.calls:
        given = next((value for value in call.values if len(value.shape) == 3), None)
        if call.name.endswith("ctc_loss") and given is not None and given.tensor is not None:
            squash = seen.origin(given)
            total = given.tensor.double().exp().sum(-1)
            if squash is not None and is_softmax(squash) and bool(((total - 1).abs() > FAR).any()):
                return squash
    return None


def _within(seen: Seen) -> Call | None:
    """A softmax over the samples in the midst of the network, as of attention: not one of similarities of all pairs."""
    for call in seen.calls:
        shape = call.output.shape
        if (
            is_softmax(call)
            and len(shape) > 1
            and axis(call) == 0
            and seen.batch.of(shape)
            and shape[0] not in shape[1:]
        ):
            data, compared = seen.batch.data, comparisons(seen)
            if data is None or len(compared) != 1 or data.shape[0] != shape[0] or shape[0] in data.shape[1:]:
                continue
            target = compared[0].target.shape  # with an answer for each place of (time, samples) the axis is time
            if target[:1] == shape[:1] and (len(target) == 1 or target[1] not in data.shape[1:2]):
                return call
    return None


def _of_scores(seen: Seen) -> Call | None:
    """A softmax of attention scores, one for each query and key of a sample, that is along neither."""
    for call in seen.calls:
        shape = call.output.shape
        square = len(shape) > 2 and shape[-1] == shape[-2] > 1 and shape[-1] not in shape[:-2]
        if not is_softmax(call) or not square or axis(call) >= len(shape) - 2 or shape[axis(call)] < 2:
            continue
        made = seen.origin(call.inputs[0])
        while made is not None and made.rule in SCALES and made.inputs:  # by 1/√d, a mask
            made = seen.origin(made.inputs[0])
        users = [one for one in seen.calls if call.output in one.values]
        if made is not None and made.rule in PRODUCTS and any(one.rule in PRODUCTS for one in users):
            return call
    return None


def _over_samples_by_hand(seen: Seen) -> Call | None:
    """A softmax over the samples of (samples, classes), from which a loss by hand picks each sample's class."""
    for call in seen.calls:
        shape = call.output.shape
        if is_softmax(call) and len(shape) == 2 and axis(call) == 0 and seen.batch.of(shape) and shape[0] != shape[1]:
            users = [c for c in seen.calls if call.output in c.values]
            while len(users) == 1 and users[0].rule in BETWEEN:
                if users[0].rule in ("getitem", "gather") and _one_each(users[0], shape[0]):
                    return call
                output = users[0].output
                users = [c for c in seen.calls if output in c.values]
    return None


def _one_each(picked: Call, samples: int) -> bool:
    """Whether one number of each sample is picked."""
    return picked.output.numel == samples and len(picked.arguments["input"].shape) == 2
