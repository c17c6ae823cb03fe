"""Where a loss compares what the network answered with what it should have: in a function of torch, or by hand."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import torch

from chainrule.diagnose.case import Seen, tells
from chainrule.diagnose.directions import AROUND, is_log_probability, weighed
from chainrule.step import Call, Value

Tensor = torch.Tensor

# What stands at the two sides, by the loss.
FORMS = {
    **dict.fromkeys(("cross_entropy", "nll_loss"), "classes"),
    **dict.fromkeys(
        (
            "binary_cross_entropy",
            "binary_cross_entropy_with_logits",
            "binary_cross_entropy_with_pos_weight",
        ),
        "probabilities",
    ),
    **dict.fromkeys(("kl_div", "kl_div_log_target", "cross_entropy_of_probabilities"), "distributions"),
    **dict.fromkeys(("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"), "numbers"),
    "soft_margin_loss": "signs",
    "poisson_nll_loss": "counts",
}
LOGITS = {"binary_cross_entropy_with_logits", "binary_cross_entropy_with_pos_weight"}
MOST_CLASSES = 100
SQUASHES = {"sigmoid", "softmax", "functional_softmax"}
BOTH = 0.1  # of the differences, at least, on each side of the target
FAR = 1e-3  # a sum of probabilities is 1 but for rounding


@dataclass(frozen=True, slots=True)
class Comparison:
    """One place at which a loss compares a prediction with a target.

    form      "classes", numbers of them against scores or log probabilities; "probabilities" of one class each, 0 or 1;
              "distributions"; "signs", −1 and 1; "counts"; "numbers"; or "" where it is not known what it compares
    by_hand   whether the script wrote it itself: then nothing but the prediction leads from the weights to the loss, or
              to one of the parts that it adds up
    whole     whether it is all of the loss, where it is written by hand
    """

    call: Call
    prediction: Value
    target: Value
    form: str
    by_hand: bool = False
    whole: bool = True

    @property
    def is_classes(self) -> bool:
        return self.form == "classes"

    @property
    def class_axis(self) -> int:
        """That of the prediction in which classes stand: 1, as the losses have them, or the last, where a loss by hand
        picks them."""
        return -1 if self.by_hand else min(1, len(self.prediction.shape) - 1)

    def answers(self) -> tuple[Tensor, Tensor] | None:
        """(samples, outputs) of both; None where their numbers are not known or do not go together."""
        given, target = self.prediction.tensor, self.target.tensor
        if given is None or target is None or not target.numel():
            return None
        if self.is_classes:
            return self._classes(given, target)
        if self.form == "distributions" and given.shape == target.shape and given.dim() > 1:
            return self._distributions(given.double(), target.double())
        if not self.form or given.numel() != target.numel() or not given.dim():
            return None
        if self.call.rule in LOGITS:
            given = given.sigmoid()
        elif self.form == "counts":
            given = given.double().exp() if self.call.arguments.get("log_input", True) else given
        elif self.form == "signs":
            bounded = given.double().clamp(-1, 1)
            given = _as_sure_as_right(bounded, target.double()) if self.by_hand else (given / 2).tanh()
        return given.reshape(len(given), -1), target.reshape(len(given), -1)

    def _classes(self, given: Tensor, target: Tensor) -> tuple[Tensor, Tensor] | None:
        """Probabilities and one-hot targets."""
        number = given.shape[self.class_axis]
        if number < 2 or number > MOST_CLASSES:
            return None
        given = given.double().movedim(self.class_axis, -1).reshape(-1, number)
        probabilities = given.softmax(1) if self.call.rule == "cross_entropy" else given.exp()
        target = target.reshape(-1)
        if torch.equal(target, torch.arange(len(target))):  # pairs that are to find each other, no classes of samples
            return None
        judged = (target >= 0) & (target < number) & (target != self.call.arguments.get("ignore_index", -100))
        return probabilities[judged], torch.nn.functional.one_hot(target[judged], number)

    def _distributions(self, given: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities of both, a row for each sample."""
        probabilities = given.softmax(1) if self.call.rule == "cross_entropy_of_probabilities" else given.exp()
        target = target.exp() if self.call.rule == "kl_div_log_target" else target
        return probabilities.reshape(len(given), -1), target.reshape(len(given), -1)


_KNOWN: WeakKeyDictionary[Seen, list[Comparison]] = WeakKeyDictionary()


def comparisons(seen: Seen) -> list[Comparison]:
    """All of a step, in their order; one that is written by hand, where there are no others."""
    if seen not in _KNOWN:
        _KNOWN[seen] = list(_by_function(seen)) or list(_one_by_hand(seen))
    return _KNOWN[seen]


def _one_by_hand(seen: Seen) -> Iterator[Comparison]:
    """That of the whole loss, or the only one that is the whole of a part."""
    found, loss = list(_by_hand(seen)), seen.notation.loss
    if not found or loss is None:
        return
    whole = next((one for one in found if _is_all(seen, loss, one.prediction)), None)
    if whole is not None:
        yield whole
        return
    parts = addends(seen, loss, {"add", "sub"})
    of_parts = [one for one in found if any(_is_all(seen, part, one.prediction) for part in parts)]
    if len(of_parts) == 1 and of_parts[0].form == "numbers":
        yield replace(of_parts[0], whole=False)


def addends(seen: Seen, loss: Value, rules: Container[str]) -> list[Value]:
    """The parts of which calls of these rules make up a loss, each with its factor."""
    todo, found = [loss], []
    while todo:
        value = todo.pop()
        call = seen.producer(value)
        if call is not None and call.rule in rules and sum(v.kind == "result" for v in call.values) > 1:
            todo += [v for v in call.values if v.kind == "result"]
        else:
            found.append(value)
    return found


def differences(seen: Seen) -> list[Comparison]:
    """Every difference of an answer and data of its shape, of different numbers, whatever comes of it."""
    found = []
    for call in seen.calls:
        results = [value for value in call.values if value.kind == "result"]
        data = [value for value in call.values if value.kind == "data" and not value.owned]
        if (
            call.rule == "sub"
            and len(results) == len(data) == 1
            and results[0].shape == data[0].shape
            and tells(data[0])
        ):
            found.append(Comparison(call, results[0], data[0], "numbers", by_hand=True))
    return found


def is_whole_loss(seen: Seen) -> bool:
    """Whether the loss is one comparison and nothing else."""
    found = comparisons(seen)
    prediction = seen.notation.prediction
    return len(found) == 1 and (found[0].whole if found[0].by_hand else found[0].prediction is prediction)


def _by_function(seen: Seen) -> Iterator[Comparison]:
    for call in seen.calls:
        target, given = call.arguments.get("target"), call.arguments.get("input")
        if isinstance(target, Value) and isinstance(given, Value) and given.kind == "result":
            form = FORMS.get(call.rule or "", "")
            yield Comparison(call, given, target, "" if form == "classes" and target.dtype.is_floating_point else form)
        elif call.rule == "sub" and seen.notation.prediction in call.values and seen.notation.target is not None:
            yield Comparison(call, seen.notation.prediction, seen.notation.target, "numbers")


def _by_hand(seen: Seen) -> Iterator[Comparison]:
    """What looks like one behind the last call that takes a weight: likelihoods of classes, cross-entropies of
    probabilities, margins, differences."""
    last = max((place for place, call in enumerate(seen.calls) if call.takes_weight), default=len(seen.calls))
    for call in seen.calls[last + 1 :]:
        data = [value for value in call.values if value.kind == "data"]
        results = [value for value in call.values if value.kind == "result"]
        if not data or len(results) != 1 or call.output.numel < 2 or weighed(seen, call):
            continue
        given, target = results[0], data[-1]
        made = seen.origin(given)
        if picked(call) == (given, target) and made is not None and is_log_probability(seen, made):
            yield Comparison(call, given, target, "classes", by_hand=True)
        elif call.rule == "mul" and given.shape == target.shape:
            yield from _product(seen, call, given, target)
        elif call.rule == "sub" and given.shape == target.shape and tells(target) and _is_even(seen, call):
            yield Comparison(call, given, target, "numbers", by_hand=True)


def picked(call: Call) -> tuple[Value, Value] | None:
    """Scores and classes, where the call takes one number of each row by the number of a class."""
    given = next((value for value in call.values if value.kind == "result"), None)
    whole = [v for v in call.values if v.kind == "data" and not v.dtype.is_floating_point and v.dtype != torch.bool]
    if call.rule not in ("gather", "getitem") or given is None or not whole or call.output.numel < 2:
        return None
    one_each = whole[-1].numel == call.output.numel and given.numel == call.output.numel * given.shape[-1]
    return (given, whole[-1]) if len(given.shape) > 1 and one_each else None


def _product(seen: Seen, call: Call, given: Value, target: Value) -> Iterator[Comparison]:
    """t · log p or t · z, for what t can be."""
    made, t = seen.origin(given), target.tensor
    if made is None or t is None or not tells(target) or t.is_complex() or t.dtype == torch.bool:
        return
    if bool((t.abs() == 1).all()):
        g = seen.gradient(call.output)
        if not is_log_probability(seen, made) and g is not None and bool((g <= 0).all()):
            yield Comparison(call, given, target, "signs", by_hand=True)
        return
    if not bool(((t >= 0) & (t <= 1)).all()):
        return
    of_classes = len(t.shape) > 1 and t.shape[-1] > 1 and bool(((t.sum(-1) - 1).abs() < FAR).all())
    if of_classes and is_log_probability(seen, made) and made.rule != "logsigmoid":
        yield Comparison(call, given, target, "distributions", by_hand=True)
    elif made.rule == "log":
        inner = _without_margin(seen, made.arguments["input"])
        if inner is not None and _has_other_side(seen, made, inner):
            yield Comparison(call, inner, target, "probabilities", by_hand=True)


def _without_margin(seen: Seen, value: Value) -> Value | None:
    """The probability in log(p + ε); None for the other side's 1 − p."""
    made = seen.origin(value)
    while made is not None and made.rule in ("add", "clamp", "clamp_min") and len(made.inputs) == 1:
        value = made.inputs[0]
        made = seen.origin(value)
    return value if made is not None and made.rule in SQUASHES else None


def _has_other_side(seen: Seen, made: Call, probability: Value) -> bool:
    """Whether log(1 − p) is there, too."""
    others = (call for call in seen.calls if call.rule == "log" and call is not made)
    for other in others:
        value, minus = other.arguments["input"], False
        while value is not probability:
            before = seen.producer(value)
            if before is None or before.rule not in AROUND or len(before.inputs) != 1:
                break
            minus |= before.rule in ("sub", "rsub")
            value = before.inputs[0]
        if minus and value is probability:
            return True
    return False


def _is_even(seen: Seen, call: Call) -> bool:
    """Whether the loss rises alike to both sides of the target, with the distance or with its square: where one side
    costs more, as in a quantile loss, the best answer is not the mean."""
    g, away = seen.gradient(call.output), call.output.tensor
    if g is None or away is None or g.is_complex() or not bool(g.any()):
        return False
    g, away = g.double().flatten(), away.double().flatten()
    if min(int((away > 0).sum()), int((away < 0).sum())) < BOTH * len(away):  # one side says nothing of the other
        return False
    return any(abs(float(torch.dot(g, way))) > (1 - FAR) * float(g.norm() * way.norm()) for way in (away, away.sign()))


def _as_sure_as_right(given: Tensor, target: Tensor) -> Tensor:
    """A margin tells a side and not how sure it is: the factor with which the answers come nearest to the targets."""
    size = float(given.square().sum())
    return given * (max(float((given * target).sum()), 0.0) / size if size else 0.0)


def _is_all(seen: Seen, loss: Value, prediction: Value) -> bool:
    """Whether every way from the weights to the loss, or to a part of it, leads through the prediction."""
    todo, done = [loss], {prediction}
    while todo:
        value = todo.pop()
        if value in done:
            continue
        done.add(value)
        if value.kind == "parameter":
            return False
        made = seen.producer(value)
        todo += made.values if made is not None else []
    return any(value.kind == "parameter" for value in seen.made_of(prediction))
