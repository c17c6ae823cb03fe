"""The native form of every rule that has one: how its value and its adjoint are made of the graph's operations."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from chainrule.native.forms import elements, images, layers, losses, shapes
from chainrule.native.forms.site import Made, Site
from chainrule.rules.losses import PointwiseLoss
from chainrule.rules.rule import Elementwise
from chainrule.rules.table import RULES

# By the name of the rule. Functions of each number alone and pointwise losses are read from the rules themselves.
FORMS: dict[str, Callable[[Site], Made]] = {
    "pow": elements.pow_,
    **dict.fromkeys(("clamp", "clamp_min", "clamp_max"), elements.clamp),
    "prelu": elements.prelu,
    "linear": layers.linear,
    "matmul": layers.matmul,
    "addmm": layers.addmm,
    "sum": layers.summed,
    "mean": layers.mean,
    **dict.fromkeys(("softmax", "functional_softmax"), layers.softmax),
    **dict.fromkeys(("log_softmax", "functional_log_softmax"), layers.log_softmax),
    "layer_norm": layers.layer_norm,
    "rms_norm": layers.rms_norm,
    "dropout": layers.dropout,
    "embedding": layers.embedding,
    "nll_loss": losses.nll_loss,
    "cross_entropy": losses.cross_entropy,
    "cross_entropy_of_probabilities": losses.cross_entropy_of_probabilities,
    "conv2d": images.conv2d,
    "max_pool2d": images.max_pool2d,
    "avg_pool2d": images.avg_pool2d,
    "adaptive_avg_pool2d": images.adaptive_avg_pool2d,
    **dict.fromkeys(("contiguous", "clone", "to", "type_as", "cast"), shapes.same),
    **dict.fromkeys(
        ("view", "reshape", "view_as", "flatten", "unflatten", "ravel", "squeeze", "unsqueeze"), shapes.reshape
    ),
    **dict.fromkeys(("transpose", "t", "T", "permute"), shapes.permute),
    **dict.fromkeys(("expand", "expand_as", "broadcast_to"), shapes.expand),
    "getitem": shapes.getitem,
    "select": shapes.select,
    "narrow": shapes.narrow,
    "cat": shapes.cat,
    "stack": shapes.stack,
}


def form_of(rule: str) -> Callable[[Site], Made] | None:
    """The form of a rule by its name; None where there is none."""
    found = RULES[rule]
    if isinstance(found, Elementwise):
        return partial(elements.elementwise, found)
    if isinstance(found, PointwiseLoss):
        return partial(elements.pointwise, found)
    return FORMS.get(rule)
