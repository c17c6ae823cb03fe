"""Which way descent drives what a loss compares: towards each other, or apart."""

from __future__ import annotations

import math

import torch

from chainrule.breakdown.verify import dense
from chainrule.diagnose.case import Seen, tells
from chainrule.step import Call, Update, Value

LOSSES = {
    "mse_loss",
    "l1_loss",
    "smooth_l1_loss",
    "huber_loss",
    "cross_entropy",
    "cross_entropy_of_probabilities",
    "nll_loss",
    "poisson_nll_loss",
    "kl_div",
    "kl_div_log_target",
    "soft_margin_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_pos_weight",
}
LOG = {"log", "log_softmax", "functional_log_softmax", "logsigmoid"}
PROBABILITY = {"sigmoid", "softmax", "functional_softmax"}
AROUND = {"add", "sub", "rsub", "clamp", "clamp_min", "getitem", "gather"}
COSTS = ("cost", "loss", "penalt", "regret")  # what is to be small, by its name
REWARDS = ("reward", "return", "critic", "actor", "policy", "target_q", "q_target")  # of what is to be large
TOTALS = {"logsumexp", "logcumsumexp"}
LAYER = {"linear", "addmm"}  # that give a value
JOINED = {"stack", "cat"}


def maximised(seen: Seen) -> bool:
    """Whether the optimizer climbs."""
    settings = [change.settings for update in seen.step.updates for change in update.parameters.values()]
    return bool(settings) and all(bool(one.get("maximize")) for one in settings)


def directions(seen: Seen) -> list[tuple[Call, float]]:
    """Every comparison with +1 where descent brings its two sides together, −1 where it drives them apart."""
    down = -1.0 if maximised(seen) else 1.0
    found = ((call, down * _together(seen, call)) for call in seen.calls)
    return [(call, direction) for call, direction in found if direction]


def rewarded(seen: Seen) -> list[tuple[Call, float]]:
    """Every product of log probabilities with their rewards: +1 where it is to grow, −1 where it is to fall.

    Those of single actions, one for each moment of an episode, count where their rewards differ.
    """
    down = -1.0 if maximised(seen) else 1.0
    found = [
        (call, reward, down * _grows(seen, call))
        for call in seen.calls
        for reward in _rewards(call)
        if not any(cost in reward.name.lower() for cost in COSTS)
    ]
    single = {float(reward.tensor) for _, reward, _ in found if reward.numel == 1 and reward.tensor is not None}
    return [(call, way) for call, reward, way in found if way and (reward.numel > 1 or len(single) > 1)]


def through_critic(seen: Seen) -> list[tuple[Call, float]]:
    """Every loss that moves a policy along its critic's value: +1 where the value is to grow, −1 where it is to fall.

    A critic is what is compared with rewards in one backward pass; its policy lies in front of it in another one, and
    has an optimizer that leaves the critic as it is.
    """
    critics = {_weight(made) for call in seen.calls if (made := _judged(seen, call)) is not None} - {""}
    by_optimizer = [made for made in seen.step.updates if made.optimizer and made.parameters]
    found = []
    for backward in seen.step.backwards if critics else ():
        leaves = {i for i, g in backward.received.items() if bool(dense(g).any())}
        own = [made for made in by_optimizer if leaves & set(made.parameters) and not _names(seen, made) & critics]
        values = [call for call in backward.calls if call.rule in LAYER and _weight(call) in critics]
        if any(_judged(seen, call) is not None for call in backward.calls):  # the critic's own pass
            continue
        signs = {float(sign) for call in values for sign in _signs(seen.gradient(call.output))}
        if len(own) == 1 and len(signs) == 1 and backward.calls:
            down = -1.0 if all(change.settings.get("maximize") for change in own[0].parameters.values()) else 1.0
            found.append((backward.calls[-1], -down * signs.pop()))
    return found


def _judged(seen: Seen, call: Call) -> Call | None:
    """The layer whose answer this call compares with rewards."""
    compares = call.rule in LOSSES and isinstance(call.arguments.get("target"), Value)
    if call.rule == "sub" and not compares:  # ((q − target)²).mean()
        compares = any(later.rule in ("pow", "square") and call.output in later.values for later in seen.calls)
    answers = [value for value in call.values if value.kind == "result"]
    targets = [value for value in call.values if value.kind == "data" and tells(value)]
    if not compares or len(answers) != 1 or len(targets) != 1 or not _is_reward(seen, targets[0]):
        return None
    made = seen.origin(answers[0])
    return made if made is not None and made.rule in LAYER else None


def _is_reward(seen: Seen, target: Value) -> bool:
    """By its name, or because the networks are called a critic and its policy: of a cost the least is wanted."""
    moved = (seen.step.values[index].name for made in seen.step.updates for index in made.parameters)
    names = " ".join((target.name, *moved)).lower()
    if any(cost in names for cost in COSTS):
        return False
    return target.name.lower() in ("r", "rew") or any(word in names for word in REWARDS)


def _weight(call: Call) -> str:
    """The name of the layer's matrix, whether it was written within the step or not; "" where it has none."""
    names = (value.name for value in call.values if value.kind == "parameter" and len(value.shape) > 1)
    return next(names, "").partition("#")[0]


def _names(seen: Seen, made: Update) -> set[str]:
    return {seen.step.values[index].name.partition("#")[0] for index in made.parameters}


def _signs(g: torch.Tensor | None) -> torch.Tensor:
    """Those of the entries that are not 0, each once."""
    return torch.empty(0) if g is None or g.is_complex() else g[g != 0].sign().unique()


def _together(seen: Seen, call: Call) -> float:
    g = seen.gradient(call.output)
    if g is None or g.is_complex() or not bool(g.any()):
        return 0.0
    if (call.rule in LOSSES and isinstance(call.arguments.get("target"), Value)) or _is_distance(seen, call):
        return 1.0 if bool((g > 0).any()) else -1.0
    if call.rule == "cosine_similarity" and _meets_data(call):
        return 1.0 if bool((g < 0).any()) else -1.0
    return _likelihood(seen, call) if is_log_probability(seen, call) and not weighed(seen, call, chosen=True) else 0.0


def _is_distance(seen: Seen, call: Call) -> bool:
    """The square or size of what an answer is away from data, as it is or over a spread; not where other data weighs
    it, as rewards do."""
    made = seen.producer(call.arguments.get("input")) if call.rule in ("pow", "square", "abs") else None
    if made is not None and made.rule == "div":  # in units of a spread
        made = seen.producer(made.arguments.get("input"))
    even = call.rule != "pow" or call.arguments.get("exponent") == 2
    if made is None or made.rule != "sub" or not even:
        return False
    return seen.notation.target in made.values or (_meets_data(made) and not weighed(seen, call))


def _meets_data(call: Call) -> bool:
    """Whether one side is data that differs from number to number, the other made by weights or a weight."""
    kinds = {value.kind for value in call.values}
    return kinds in ({"data", "result"}, {"data", "parameter"}) and all(
        tells(value) for value in call.values if value.kind == "data"
    )


def weighed(seen: Seen, call: Call, chosen: bool = False) -> bool:
    """Whether a result on the way to the loss is multiplied by data, a number of its own for each sample; numbers that
    are all 0 or 1 do not count where samples may be `chosen`."""
    reached = {value.index for value in call.outputs}
    for later in seen.calls[seen.calls.index(call) + 1 :]:
        if reached & {value.index for value in later.values}:
            reached |= {value.index for value in later.outputs}
            if later.rule in ("mul", "div") and any(_is_weight_of_each(value, chosen) for value in later.values):
                return True
    return False


def _is_weight_of_each(value: Value, chosen: bool) -> bool:
    if value.kind != "data" or value.numel < 2:
        return False
    if value.tensor is None:
        return True
    return tells(value) and not (chosen and bool(((value.tensor == 0) | (value.tensor == 1)).all()))


def is_log_probability(seen: Seen, call: Call) -> bool:
    """By a function of its own, or z − log Σ eᶻ: as torch.distributions have it, or over those still at risk (Cox,
    Journal of the Royal Statistical Society B 34, 1972)."""
    if call.rule == "sub":
        first, second = call.arguments.get("input"), call.arguments.get("other")
        made = seen.producer(second) if isinstance(second, Value) else None
        return made is not None and made.name.rpartition(".")[2] in TOTALS and first in made.values
    return call.rule in LOG


def _likelihood(seen: Seen, call: Call) -> float:
    """+1 where the logarithm of a probability is to grow, −1 where it is to fall; 0 where it is no log likelihood.

    A log likelihood takes the same share of each sample's right class and nothing of the others. A policy gradient
    weighs each by its own reward, an entropy takes all.
    """
    if call.rule == "log":
        made = seen.origin(call.arguments["input"])
        while made is not None and made.rule in AROUND and len(made.inputs) == 1:  # log(1 − p + ε)
            made = seen.origin(made.inputs[0])
        if made is None or made.rule not in PROBABILITY:
            return 0.0
    g = seen.gradient(call.output)
    if g is None or not g.isfinite().all():
        return 0.0
    taken = g[g != 0]
    if not 1 < taken.numel() < g.numel() or math.isclose(float(taken.min()), -float(taken.max())):
        return 0.0
    same = math.isclose(float(taken.min()), float(taken.max()), rel_tol=1e-3)
    return 0.0 if not same else (1.0 if float(taken[0]) < 0 else -1.0)


def rewarded_by_number(seen: Seen) -> list[tuple[Call, float, float]]:
    """Every product of one log probability with one number, the reward of this step: (call, number, way)."""
    down = -1.0 if maximised(seen) else 1.0
    found = []
    for call in seen.calls:
        numbers = [part for part in call.arguments.values() if isinstance(part, float)]
        numbers += [float(value.tensor) for value in _rewards(call) if value.numel == 1 and value.tensor is not None]
        if call.rule == "mul" and call.output.numel == 1 and len(numbers) == 1:
            found.append((call, numbers[0], down * _grows(seen, call)))
    return [(call, number, way) for call, number, way in found if way]


def _rewards(call: Call) -> list[Value]:
    """The data that a result is multiplied by, if it is one."""
    rewards = [value for value in call.values if value.kind == "data"]
    answers = [value for value in call.values if value.kind == "result"]
    return rewards if call.rule == "mul" and len(rewards) == len(answers) == 1 else []


def _grows(seen: Seen, call: Call) -> float:
    """+1 where the mean of log p · reward is to grow, −1 where it is to fall, 0 where the call is no such product."""
    answers = [value for value in call.values if value.kind == "result"]
    if len(answers) != 1:
        return 0.0
    sign, made = 1.0, seen.origin(answers[0])
    if made is not None and made.rule == "neg":
        sign, made = -1.0, seen.origin(made.inputs[0])
    # of one moment, or of several that were put together
    moments = [made] if made is None or made.rule not in JOINED else [seen.origin(part) for part in made.inputs]
    g = seen.gradient(call.output)
    if not all(_is_chosen(seen, one) for one in moments) or g is None or not bool(g.any()):
        return 0.0
    if bool((g > 0).any()) and bool((g < 0).any()):
        return 0.0
    return -sign if bool((g > 0).any()) else sign


def _is_chosen(seen: Seen, call: Call | None) -> bool:
    """Whether it takes the log probability of each sample's action."""
    source = seen.producer(call.arguments.get("input")) if call is not None and call.rule == "gather" else None
    return source is not None and is_log_probability(seen, source)
